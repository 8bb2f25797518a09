import { Injectable } from '@nestjs/common';
import { PostackDatabase } from '../../database/postack-database.js';
import { ReportCountEntity } from './report-count.entity.js';
import { DIMENSIONS, DURATIONS } from './report-deltas.js';
import { ReportDurationEntity } from './report-duration.entity.js';
import { ReportEventEntity } from './report-event.entity.js';
import { lockSettledSlot } from './report-lock.js';
import { MEASURE_COLUMNS, SETTLED_SLOT } from './report-store.js';
import { HOUR_MS, hourOf } from './report-time.js';

interface Rollup {
  table: new () => object;
  /** Column that tells the hour. */
  time: string;
  /** All values of the columns before it in the index, which is of no use without them. */
  first: Readonly<Record<string, readonly string[]>>;
  /** Rows that are the same in these, except for their slot, add up. */
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

/** Receipts still come in for a message, as a rule, for so long. */
const LOOK_BACK_HOURS = 48;

/**
 * Adds up the slots of hours that are over, for at least an hour, into one, so that reports have not to read the same
 * key once for every process that has counted. What comes in later for such an hour is merged by the next run.
 */
@Injectable()
export class SlotMerge {
  constructor(private readonly database: PostackDatabase) {}

  /**
   * Runs by itself every hour; may be called at any time, in any process.
   *
   * @param signal Ends it between two hours.
   */
  async run(signal?: AbortSignal): Promise<void> {
    const now = hourOf(new Date());
    for (const rollup of ROLLUPS) {
      const hours: { hour: Date }[] = await this.database.query(
        `SELECT DISTINCT date_trunc('hour', ${rollup.time}, 'UTC') AS hour
         FROM ${this.database.table(rollup.table)} WHERE ${unmerged(rollup)} ORDER BY hour`,
        [new Date(now - LOOK_BACK_HOURS * HOUR_MS), new Date(now - HOUR_MS)],
      );
      for (const { hour } of hours) {
        if (signal?.aborted) return;
        await this.#merge(rollup, hour);
      }
    }
  }

  /** Rows that somebody adds to at the moment are left to the next run: so nobody waits for the other's next lock. */
  async #merge(rollup: Rollup, hour: Date): Promise<void> {
    const { table, key, sums } = rollup;
    const name = this.database.table(table);
    const columns = (format: (column: string) => string, list = sums, separator = ', ') =>
      list.map((column) => format(`"${column}"`)).join(separator);
    const keyed = columns((column) => column, key);
    await this.database.transaction(async (manager) => {
      await lockSettledSlot(manager);
      await manager.query(
        `WITH free AS (
           SELECT ${keyed}, slot FROM ${name} WHERE ${unmerged(rollup)} FOR UPDATE SKIP LOCKED
         ),
         merged AS (
           DELETE FROM ${name} r USING free
           WHERE ${columns((column) => `r.${column} = free.${column}`, [...key, 'slot'], ' AND ')} RETURNING r.*
         )
         INSERT INTO ${name} AS r (${keyed}, slot, ${columns((column) => column)})
         SELECT ${keyed}, ${SETTLED_SLOT}, ${columns((column) => `sum(${column})`)} FROM merged GROUP BY ${keyed}
         HAVING ${columns((column) => `sum(${column}) <> 0`, sums, ' OR ')}
         ON CONFLICT (${keyed}, slot) DO UPDATE
         SET ${columns((column) => `${column} = r.${column} + excluded.${column}`)}`,
        [hour, new Date(hour.getTime() + HOUR_MS)],
      );
    });
  }
}

/** SQL for the rows of a period, `$1` to `$2`, that are not merged. */
function unmerged({ time, first }: Rollup): string {
  const values = Object.entries(first).map(
    ([column, all]) => `${column} IN (${all.map((value) => `'${value}'`).join(', ')})`,
  );
  return [...values, `${time} >= $1`, `${time} < $2`, 'slot >= 0'].join(' AND ');
}
