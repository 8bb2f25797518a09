import type { EntityManager } from 'typeorm';
import { tableName } from '../../database/table-name.js';
import { ReportCountEntity } from '../rollups/report-count.entity.js';
import {
  DIMENSIONS,
  MEASURES,
  type Dimension,
  type Duration,
  type Measure,
  type ReportDeltas,
} from '../rollups/report-deltas.js';
import { ReportDurationEntity } from '../rollups/report-duration.entity.js';
import { ReportEventEntity } from '../rollups/report-event.entity.js';
import { MEASURE_COLUMNS } from '../rollups/report-store.sql.js';

/** Subtracts the stored message counts of a period from `deltas`. */
export async function subtractCounts(
  from: Date,
  to: Date,
  deltas: ReportDeltas,
  manager: EntityManager,
): Promise<void> {
  const sums = MEASURE_COLUMNS.map((column, index) => `sum("${column}")::float8 AS "${MEASURES[index]}"`);
  const rows: ({ dimension: Dimension; bucket: Date; value: string } & Record<Measure, number>)[] =
    await manager.query(
      `SELECT dimension, bucket, value, ${sums.join(', ')} FROM ${tableName(manager.dataSource, ReportCountEntity)}
       WHERE dimension = ANY ($1::text[]) AND bucket >= $2 AND bucket < $3 GROUP BY dimension, bucket, value`,
      [DIMENSIONS, from, to],
    );
  for (const { dimension, bucket, value, ...row } of rows) {
    const counted = MEASURES.map((measure) => [measure, -row[measure]]);
    deltas.addCounts(bucket, [[dimension, value]], Object.fromEntries(counted) as Record<Measure, number>);
  }
}

/** Subtracts the stored durations of an hour from `deltas`. */
export async function subtractDurations(
  hour: Date,
  durations: readonly Duration[],
  deltas: ReportDeltas,
  manager: EntityManager,
): Promise<void> {
  const rows: { duration: Duration; dimension: Dimension; value: string; bin: number; count: number }[] =
    await manager.query(
      `SELECT duration, dimension, value, bin, sum(count)::float8 AS count
       FROM ${tableName(manager.dataSource, ReportDurationEntity)}
       WHERE duration = ANY ($1::text[]) AND dimension = ANY ($2::text[]) AND hour = $3
       GROUP BY duration, dimension, value, bin`,
      [durations, DIMENSIONS, hour],
    );
  for (const { duration, dimension, value, bin, count } of rows) {
    deltas.addToBin(hour, [[dimension, value]], duration, bin, -count);
  }
}

/** Subtracts the stored number of accepted events of a period from `deltas`. */
export async function subtractEvents(
  from: Date,
  to: Date,
  deltas: ReportDeltas,
  manager: EntityManager,
): Promise<void> {
  const rows: { bucket: Date; accepted: number }[] = await manager.query(
    `SELECT bucket, sum(accepted)::float8 AS accepted FROM ${tableName(manager.dataSource, ReportEventEntity)}
     WHERE bucket >= $1 AND bucket < $2 GROUP BY bucket`,
    [from, to],
  );
  for (const { bucket, accepted } of rows) deltas.addEvents(bucket, -accepted);
}
