import { randomInt } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { tableName } from '../../database/table-name.js';
import { ReportCountEntity } from './report-count.entity.js';
import { MEASURES, type ReportDeltas } from './report-deltas.js';
import { ReportDurationEntity } from './report-duration.entity.js';
import { ReportEventEntity } from './report-event.entity.js';
import { ReportOwnNumberEntity } from './report-own-number.entity.js';

/** In how many rows one sum is kept, so that transactions do not wait for each other; see `SlotMerge`. */
const SLOTS = 8;

/** A process dispatches two batches at once: most likely it has two slots to itself, which they take in turns. */
const firstSlot = randomInt(SLOTS / 2) * 2;
let turn = 0;
const slots = new WeakMap<EntityManager, number>();

/** Which of the rows that add up a transaction writes. */
export function slotOf(manager: EntityManager): number {
  const slot = slots.get(manager) ?? firstSlot + (turn = 1 - turn);
  slots.set(manager, slot);
  return slot;
}

/** Rows that only one transaction at a time writes: see `lockSettledSlot`. */
export const SETTLED_SLOT = -2;

/** Column of each of `MEASURES`. */
export const MEASURE_COLUMNS = MEASURES.map((measure) =>
  measure.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
);

const COLUMNS = MEASURE_COLUMNS.join(', ');
const SUMS = MEASURE_COLUMNS.map((column) => `${column} = r.${column} + excluded.${column}`).join(', ');
const COUNT_ARRAYS = MEASURES.map((_measure, index) => `$${index + 15}::int[]`).join(', ');

/**
 * Adds deltas to the rollups, in the transaction of `manager`: one statement, and none when there is nothing to add.
 * The rows of each table are locked in the order of their keys.
 */
export async function addToReports(
  deltas: ReportDeltas,
  manager: EntityManager,
  slot = slotOf(manager),
): Promise<void> {
  const counts = deltas.counts();
  const durations = deltas.durations();
  const events = deltas.events();
  if (counts.length + durations.length + events.length === 0) return;
  const { dataSource } = manager;
  const numbers = [...deltas.ownNumbers].sort(([a], [b]) => (a < b ? -1 : 1));
  await manager.query(
    `WITH numbers AS (
       INSERT INTO ${tableName(dataSource, ReportOwnNumberEntity)} (key, number)
       SELECT * FROM unnest($2::text[], $3::text[]) ON CONFLICT DO NOTHING
     ),
     durations AS (
       INSERT INTO ${tableName(dataSource, ReportDurationEntity)} AS r
         (duration, dimension, hour, value, bin, count, slot)
       SELECT new.*, $1 FROM
         unnest($4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::smallint[], $9::int[]) AS new
       ON CONFLICT (duration, dimension, hour, value, bin, slot) DO UPDATE SET count = r.count + excluded.count
     ),
     events AS (
       INSERT INTO ${tableName(dataSource, ReportEventEntity)} AS r (bucket, accepted, slot)
       SELECT new.*, $1 FROM unnest($10::timestamptz[], $11::int[]) AS new
       ON CONFLICT (bucket, slot) DO UPDATE SET accepted = r.accepted + excluded.accepted
     )
     INSERT INTO ${tableName(dataSource, ReportCountEntity)} AS r (dimension, bucket, value, ${COLUMNS}, slot)
     SELECT new.*, $1 FROM unnest($12::text[], $13::timestamptz[], $14::text[], ${COUNT_ARRAYS}) AS new
     ON CONFLICT (dimension, bucket, value, slot) DO UPDATE SET ${SUMS}`,
    [
      slot,
      numbers.map(([key]) => key),
      numbers.map(([, number]) => number),
      durations.map(({ duration }) => duration),
      durations.map(({ place }) => place[0]),
      durations.map(({ hourMs }) => new Date(hourMs).toISOString()),
      durations.map(({ place }) => place[1]),
      durations.map(({ bin }) => bin),
      durations.map(({ count }) => count),
      events.map(({ bucketMs }) => new Date(bucketMs).toISOString()),
      events.map(({ accepted }) => accepted),
      counts.map(({ place }) => place[0]),
      counts.map(({ bucketMs }) => new Date(bucketMs).toISOString()),
      counts.map(({ place }) => place[1]),
      ...MEASURES.map((measure) => counts.map((delta) => delta.counts[measure] ?? 0)),
    ],
  );
}
