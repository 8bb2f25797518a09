import { randomInt } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { queryPrepared } from '../../database/query-prepared.js';
import { tableName } from '../../database/table-name.js';
import { ReportCountEntity } from './report-count.entity.js';
import { MEASURES, type ReportDeltas } from './report-deltas.js';
import { ReportDurationEntity } from './report-duration.entity.js';
import { ReportEventEntity } from './report-event.entity.js';
import { ReportOwnNumberEntity } from './report-own-number.entity.js';
import { addToReportsSql } from './report-store.sql.js';

/** Number of rows that one sum is spread over, so that transactions do not block each other; see `SlotMerge`. */
const SLOTS = 8;

/** A process dispatches two batches at a time: it alternates between two slots, which are most likely not shared. */
const firstSlot = randomInt(SLOTS / 2) * 2;
let turn = 0;
const slots = new WeakMap<EntityManager, number>();

/** The slot that a transaction writes to. */
export function slotOf(manager: EntityManager): number {
  const slot = slots.get(manager) ?? firstSlot + (turn = 1 - turn);
  slots.set(manager, slot);
  return slot;
}

/** Slot that only one transaction at a time writes to: see `lockMergedSlot`. */
export const MERGED_SLOT = -2;

/**
 * Adds deltas to the rollups, in the transaction of `manager`, in one statement; in none if there are no changes.
 * The rows of each table are locked in key order.
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
  const numbers = [...deltas.ownNumbers].sort(([a], [b]) => (a < b ? -1 : 1));
  const { dataSource } = manager;
  const sql = addToReportsSql({
    ownNumber: tableName(dataSource, ReportOwnNumberEntity),
    duration: tableName(dataSource, ReportDurationEntity),
    event: tableName(dataSource, ReportEventEntity),
    count: tableName(dataSource, ReportCountEntity),
  });
  await queryPrepared(manager, sql, [
    slot,
    numbers.map(([key]) => key),
    numbers.map(([, number]) => number),
    durations.map(({ duration }) => duration),
    durations.map(({ dimension }) => dimension[0]),
    durations.map(({ hourMs }) => new Date(hourMs).toISOString()),
    durations.map(({ dimension }) => dimension[1]),
    durations.map(({ bin }) => bin),
    durations.map(({ count }) => count),
    events.map(({ bucketMs }) => new Date(bucketMs).toISOString()),
    events.map(({ accepted }) => accepted),
    counts.map(({ dimension }) => dimension[0]),
    counts.map(({ bucketMs }) => new Date(bucketMs).toISOString()),
    counts.map(({ dimension }) => dimension[1]),
    ...MEASURES.map((measure) => counts.map((delta) => delta.counts[measure] ?? 0)),
  ]);
}
