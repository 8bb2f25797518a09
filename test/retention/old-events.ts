import type { TestDatabase } from '../support/test-database.js';

/** Makes an event look as if it had been received so many days ago. */
export async function age(database: TestDatabase, id: string, days: number): Promise<void> {
  await database.query(
    `UPDATE postack.inbox_event SET received_at = now() - make_interval(secs => $2::float8 * 86400) WHERE svix_id = $1`,
    [id, days],
  );
}

/** Stores events as they are once one listener is done with them; received so many days ago, at different times. */
export async function storeOldEvents(database: TestDatabase, count: number, days: number): Promise<void> {
  await database.query(
    `WITH stored AS (
       INSERT INTO postack.inbox_event (endpoint, svix_id, type, status, occurred_at, received_at, body,
         secret_fingerprint, clock_skew_ms, dispatched_at, projections)
       SELECT 'default', 'msg_' || gen_random_uuid(), 'message.received', 'dispatched', at, at, '{}', 'abcdef01', 0, at,
         '{messages}'
       FROM generate_series(1, $1::int) AS n,
         LATERAL (SELECT now() - make_interval(days => $2::int, secs => n % 100) AS at)
       RETURNING id
     )
     INSERT INTO postack.delivery (event_id, handler, status, attempts)
     SELECT id, 'listener', 'done', 1 FROM stored`,
    [count, days],
  );
}

/** What is there: events, those with a body, and outcomes. */
export async function stored(
  database: TestDatabase,
): Promise<{ events: number; bodies: number; outcomes: number; leftovers: number }> {
  const [row] = await database.query<{ events: number; bodies: number; outcomes: number; leftovers: number }>(
    `SELECT count(*)::int AS events, count(body)::int AS bodies,
       (SELECT count(*)::int FROM postack.delivery) AS outcomes,
       (SELECT count(*)::int FROM postack.retention_leftover) AS leftovers
     FROM postack.inbox_event`,
  );
  return row!;
}
