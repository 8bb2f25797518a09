import { CONVERSATION_GAP_MS, REPLY_WINDOW_MS } from './conversation-figures.js';

/** By bytes: orders messages of the same time as `conversationFigures` does, independent of the locale. */
const BY_BYTES = 'COLLATE "C"';

/**
 * Adds and removes conversation entries, and returns their neighbours. `$1` to `$5`: arrays of the conversation, the
 * time, the message id, the direction and the kind of each move.
 */
export const moveEntriesSql = (table: string) => `
  WITH p AS MATERIALIZED (
    SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::boolean[], $5::text[])
      AS p (conversation, at, message_id, is_inbound, kind)
  ),
  removed AS (
    DELETE FROM ${table} e USING p WHERE p.kind = 'remove'
      AND (e.conversation, e.at, e.message_id) = (p.conversation, p.at, p.message_id)
  ),
  added AS (
    INSERT INTO ${table} (conversation, at, message_id, is_inbound)
    SELECT conversation, at, message_id, is_inbound FROM p WHERE kind = 'add' ON CONFLICT DO NOTHING
  )
  SELECT DISTINCT e.conversation, e.is_inbound, extract(epoch FROM e.at)::float8 * 1000 AS at_ms, e.message_id
  FROM p
  LEFT JOIN LATERAL ${neighbour(table, 'before', 'AND NOT e.is_inbound AND NOT p.is_inbound')} AS last ON true
  CROSS JOIN LATERAL (
    SELECT last.* UNION ALL
    ${neighbour(table, 'before')} UNION ALL
    ${neighbour(table, 'after')} UNION ALL
    ${neighbour(table, 'after', 'AND NOT e.is_inbound')} UNION ALL
    SELECT e.* FROM ${table} e WHERE p.kind <> 'add'
      AND (e.conversation, e.at, e.message_id) = (p.conversation, p.at, p.message_id) UNION ALL
    SELECT e.* FROM ${table} e WHERE NOT p.is_inbound AND e.conversation = p.conversation AND e.is_inbound
      AND e.at <= p.at AND e.at >= coalesce(last.at, p.at - interval '${REPLY_WINDOW_MS} ms')
  ) AS e WHERE e.at IS NOT NULL`;

/** The closest entry before or after the position `p` that meets a condition. */
function neighbour(table: string, side: 'before' | 'after', condition = ''): string {
  const [compared, order, within] =
    side === 'before'
      ? ['<', 'DESC', `e.at >= p.at - interval '${CONVERSATION_GAP_MS} ms'`]
      : ['>', 'ASC', `e.at <= p.at + interval '${REPLY_WINDOW_MS} ms'`];
  return `(SELECT e.* FROM ${table} e WHERE e.conversation = p.conversation
    AND (e.at, e.message_id ${BY_BYTES}) ${compared} (p.at, p.message_id ${BY_BYTES}) AND ${within} ${condition}
    ORDER BY e.at ${order}, e.message_id ${BY_BYTES} ${order} LIMIT 1)`;
}
