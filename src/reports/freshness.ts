import type { PostackDatabase } from '../database/postack-database.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';

/** Up to when the figures are complete, by PostgreSQL's clock. */
export interface Freshness {
  /** Every event that was acknowledged before this time is in the figures. */
  asOf: Date;
  /** The time at which this was determined, rounded up to a millisecond. */
  now: Date;
}

/** Ids are assigned before the commit: the oldest event is one of so many with the lowest ids. */
const LATE_COMMITS = 5000;

/** Figures are committed with the dispatch of an event, so they are complete up to the oldest one that waits for it. */
export async function freshness(database: PostackDatabase): Promise<Freshness> {
  const [row]: [Freshness] = await database.query(
    `SELECT least(now(), min(received_at)) AS "asOf", date_trunc('milliseconds', now()) + interval '1 ms' AS now
     FROM (
       SELECT received_at FROM ${database.table(InboxEventEntity)}
       WHERE status = 'pending' ORDER BY id LIMIT ${LATE_COMMITS}
     ) AS pending`,
  );
  return row;
}
