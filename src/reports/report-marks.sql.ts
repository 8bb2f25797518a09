import { CONVERSATION_GAP_MS, REPLY_WINDOW_MS } from './report-measures.js';

/** Names of the tables in SQL. */
interface Tables {
  mark: string;
  message: string;
  window: string;
}

/**
 * Takes up to `$1` marks, the oldest first, and makes the windows stale that they are in; returns how many it has taken. A
 * message that comes to a time in its conversation, or leaves it, also changes the figures of its neighbours: the next
 * message may open a conversation or not, and an outbound one is the reply to the inbound ones since the outbound one
 * before. `$2`: seconds of an hour, which is the first window of a time that has none.
 *
 * The planner knows nothing of marks: `OFFSET 0` keeps it from reading all messages instead of looking up a few.
 */
export function staleWindowsSql({ mark, message, window }: Tables): string {
  return `
  WITH taken AS (
    DELETE FROM ${mark} WHERE id IN (SELECT id FROM ${mark} ORDER BY id LIMIT $1)
    RETURNING kind, at, conversation
  ),
  times AS (
    SELECT CASE kind WHEN 'event' THEN 'events' ELSE 'messages' END AS source, at FROM taken
    UNION
    SELECT 'messages', next.at FROM taken CROSS JOIN (VALUES ('inbound'), ('outbound')) AS d (direction)
    CROSS JOIN LATERAL (
      SELECT m.first_event_at AS at FROM ${message} m
      WHERE m.conversation = taken.conversation AND m.direction = d.direction
        AND m.first_event_at > taken.at AND m.first_event_at < taken.at + interval '${CONVERSATION_GAP_MS} ms'
      ORDER BY m.first_event_at LIMIT 1
    ) AS next
    UNION
    SELECT 'messages', question.at FROM taken CROSS JOIN LATERAL (
      SELECT m.first_event_at AS at FROM ${message} m
      WHERE m.conversation = taken.conversation AND m.direction = 'inbound' AND m.first_event_at <= taken.at
        AND m.first_event_at >= coalesce(
          (SELECT max(r.first_event_at) FROM ${message} r
           WHERE r.conversation = taken.conversation AND r.direction = 'outbound' AND r.first_event_at < taken.at
             AND r.first_event_at >= taken.at - interval '${REPLY_WINDOW_MS} ms'),
          taken.at - interval '${REPLY_WINDOW_MS} ms')
      OFFSET 0
    ) AS question WHERE taken.kind = 'outbound'
  ),
  stale AS (
    INSERT INTO ${window} (source, start, seconds, stale)
    SELECT DISTINCT times.source, coalesce(known.start, date_trunc('hour', times.at, 'UTC')), $2::integer, 'changed'
    FROM times LEFT JOIN LATERAL (
      SELECT s.start FROM ${window} s
      WHERE s.source = times.source AND s.start <= times.at AND s.start >= date_trunc('hour', times.at, 'UTC')
      ORDER BY s.start DESC LIMIT 1
    ) AS known ON true
    ON CONFLICT (source, start) DO UPDATE SET stale = excluded.stale
  )
  SELECT count(*)::integer AS taken FROM taken`;
}
