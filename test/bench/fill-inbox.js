import { query } from './measure.js';

const AT_ONCE = 250_000;

/** Stores dispatched events of the load's size, one a second up to now, and lets PostgreSQL settle. */
export async function fillInbox(databaseUrl, count) {
  for (let first = 1; first <= count; first += AT_ONCE) {
    await query(
      databaseUrl,
      `INSERT INTO postack.inbox_event (endpoint, svix_id, type, status, occurred_at, received_at, body,
         secret_fingerprint, clock_skew_ms, dispatched_at, projections)
       SELECT 'default', 'msg_' || replace(gen_random_uuid()::text, '-', ''), 'message.sent', 'dispatched', at, at,
         convert_to(format('{"type":"message.sent","data":{"id":"SM_%s","text":"%s"}}', n, repeat('x', 190)), 'UTF8'),
         '00000000', 0, at, '{messages}'
       FROM (SELECT n, now() - make_interval(secs => ${count} - n) AS at
             FROM generate_series(${first}, ${Math.min(first + AT_ONCE - 1, count)}) AS n) AS new`,
    );
  }
  await query(databaseUrl, 'VACUUM (ANALYZE) postack.inbox_event');
  await query(databaseUrl, 'CHECKPOINT');
}
