import { Injectable } from '@nestjs/common';
import { PostackDatabase } from '../../database/postack-database.js';
import { ReportCountEntity } from './report-count.entity.js';
import { DIMENSIONS, DURATIONS } from './report-deltas.js';
import { ReportDurationEntity } from './report-duration.entity.js';
import { ReportEventEntity } from './report-event.entity.js';
import { lockMergedSlot } from './report-lock.js';
import { MERGED_SLOT } from './report-store.js';
import { MEASURE_COLUMNS } from './report-store.sql.js';
import { HOUR_MS, hourOf } from './report-time.js';

interface Rollup {
  table: new () => object;
  /** Column of the time. */
  time: string;
  /** All values of the columns that precede `time` in the index, which can only be used with them. */
  first: Readonly<Record<string, readonly string[]>>;
  /** Primary key without `slot`. */
  key: readonly string[];
  sums: readonly string[];
}

const ROLLUPS: readonly Rollup[] = [
  {
    table: ReportCountEntity,
    time: 'bucket',
    first: { dimension: DIMENSIONS },
    key: ['dimension', 'bucket', 'value'],
    sums: MEASURE_COLUMNS,
  },
  {
    table: ReportDurationEntity,
    time: 'hour',
    first: { duration: DURATIONS, dimension: DIMENSIONS },
    key: ['duration', 'dimension', 'hour', 'value', 'bin'],
    sums: ['count'],
  },
  {
    table: ReportEventEntity,
    time: 'bucket',
    first: {},
    key: ['bucket'],
    sums: ['accepted', 'duplicates', 'rejected', 'unavailable'],
  },
];

/** How long receipts of a message usually keep arriving. */
const LOOKBACK_HOURS = 48;

/**
 * Merges the slots of hours that ended at least one hour ago into one, so that reports read fewer rows. Counts that are
 * added to such an hour later are merged by the next run.
 */
@Injectable()
export class SlotMerge {
  constructor(private readonly database: PostackDatabase) {}

  /**
   * Scheduled every hour; can be called at any time, in any process.
   *
   * @param signal Stops it between two hours.
   */
  async run(signal?: AbortSignal): Promise<void> {
    const now = hourOf(new Date());
    for (const rollup of ROLLUPS) {
      const hours: { hour: Date }[] = await this.database.query(
        `SELECT DISTINCT date_trunc('hour', ${rollup.time}, 'UTC') AS hour
         FROM ${this.database.table(rollup.table)} WHERE ${unmerged(rollup)} ORDER BY hour`,
        [new Date(now - LOOKBACK_HOURS * HOUR_MS), new Date(now - HOUR_MS)],
      );
      for (const { hour } of hours) {
        if (signal?.aborted) return;
        await this.#merge(rollup, hour);
      }
    }
  }

  async #merge(rollup: Rollup, hour: Date): Promise<void> {
    await this.database.forLongStatements.transaction(async (manager) => {
      await lockMergedSlot(manager);
      await manager.query(mergeSql(rollup, this.database.table(rollup.table)), [
        hour,
        new Date(hour.getTime() + HOUR_MS),
      ]);
    });
  }
}

/** Merges the rows from `$1` to `$2`. Rows that other transactions are writing are skipped, to avoid deadlocks. */
function mergeSql(rollup: Rollup, table: string): string {
  const { key, sums } = rollup;
  const columns = (format: (column: string) => string, list = sums, separator = ', ') =>
    list.map((column) => format(`"${column}"`)).join(separator);
  const keyColumns = columns((column) => column, key);
  return `
    WITH free AS (
      SELECT ${keyColumns}, slot FROM ${table} WHERE ${unmerged(rollup)} FOR UPDATE SKIP LOCKED
    ),
    merged AS (
      DELETE FROM ${table} r USING free
      WHERE ${columns((column) => `r.${column} = free.${column}`, [...key, 'slot'], ' AND ')} RETURNING r.*
    )
    INSERT INTO ${table} AS r (${keyColumns}, slot, ${columns((column) => column)})
    SELECT ${keyColumns}, ${MERGED_SLOT}, ${columns((column) => `sum(${column})`)} FROM merged GROUP BY ${keyColumns}
    HAVING ${columns((column) => `sum(${column}) <> 0`, sums, ' OR ')}
    ON CONFLICT (${keyColumns}, slot) DO UPDATE
    SET ${columns((column) => `${column} = r.${column} + excluded.${column}`)}`;
}

/** Condition for the unmerged rows from `$1` to `$2`. */
function unmerged({ time, first }: Rollup): string {
  const values = Object.entries(first).map(
    ([column, all]) => `${column} IN (${all.map((value) => `'${value}'`).join(', ')})`,
  );
  return [...values, `${time} >= $1`, `${time} < $2`, 'slot >= 0'].join(' AND ');
}
