import type { PostackDatabase } from '../database/postack-database.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { ReportMarkEntity, ReportWindowEntity, ReportStateEntity } from './report.entities.js';

/** Up to when the figures are complete, by PostgreSQL's clock. */
export interface Freshness {
  /** Every event that was acknowledged before this time is in the figures. */
  asOf: Date;
  /** The time at which this was determined, rounded up to a millisecond. */
  now: Date;
}

/** Ids are assigned before the commit: the oldest event is one of so many with the lowest ids. */
const LATE_COMMITS = 5000;

/** The receipt of the oldest event that waits to be dispatched. */
const oldestPending = (database: PostackDatabase) =>
  `(SELECT min(received_at) FROM (
     SELECT received_at FROM ${database.table(InboxEventEntity)}
     WHERE status = 'pending' ORDER BY id LIMIT ${LATE_COMMITS}
   ) AS pending)`;

/** Up to when the figures would be complete if nothing were marked: each event before has been dispatched. */
export async function completeWithoutMarks(database: PostackDatabase): Promise<string> {
  // As text: a `Date` has no microseconds.
  const [row]: [{ at: string }] = await database.query(
    `SELECT least(now(), ${oldestPending(database)})::text AS at`,
  );
  return row.at;
}

/** Now, if no event is pending and nothing is marked; else what the last complete pass has recorded. */
export async function freshness(database: PostackDatabase): Promise<Freshness> {
  const [row]: [Freshness] = await database.query(
    `SELECT least(pending, CASE WHEN is_marked THEN complete_to ELSE now() END) AS "asOf",
       date_trunc('milliseconds', now()) + interval '1 ms' AS now
     FROM (SELECT ${oldestPending(database)} AS pending,
       EXISTS (SELECT FROM ${database.table(ReportMarkEntity)})
         OR EXISTS (SELECT FROM ${database.table(ReportWindowEntity)} WHERE stale = 'changed') AS is_marked) AS waiting
     CROSS JOIN ${database.table(ReportStateEntity)}`,
  );
  return row;
}
