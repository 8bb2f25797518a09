import { PEER_PREFIX_LENGTH } from '../messages/message-facts.js';
import { UNKNOWN } from '../messages/number-facts.js';
import { CONVERSATION_GAP_MS, HOUR_MS, REPLY_WINDOW_MS } from './report-measures.js';

// What of a message counts, in SQL: the figures are sums of these.

/** From this length of time on, neighbours are found faster if sorted. */
export const LONG_MS = 8 * HOUR_MS;

/** Longer error codes are truncated: the value is part of an index. */
const MAX_CODE_LENGTH = 64;

/** By time, then by the bytes of the id: independent of the order of arrival and of the locale. */
function isOrdered(before: string, after: string): string {
  return `(${before}.first_event_at < ${after}.first_event_at OR (${before}.first_event_at = ${after}.first_event_at
    AND ${before}.id COLLATE "C" < ${after}.id COLLATE "C"))`;
}

function hasEarlier(message: string, direction: string): string {
  return `EXISTS (SELECT FROM ${message} e WHERE e.conversation = m.conversation AND e.direction = '${direction}'
    AND e.first_event_at > m.first_event_at - interval '${CONVERSATION_GAP_MS} ms'
    AND e.first_event_at <= m.first_event_at AND ${isOrdered('e', 'm')})`;
}

/** Whether the message `m` opens a conversation. */
export function opensSql(message: string): string {
  return `(m.conversation IS NOT NULL
    AND NOT ${hasEarlier(message, 'inbound')} AND NOT ${hasEarlier(message, 'outbound')})`;
}

/** Milliseconds from the inbound message `m` to its reply; `null` without one. */
export function repliedAfterMsSql(message: string): string {
  return `CASE WHEN m.direction = 'inbound' THEN (
    SELECT (extract(epoch FROM r.first_event_at - m.first_event_at) * 1000)::float8 FROM ${message} r
    WHERE r.conversation = m.conversation AND r.direction = 'outbound' AND r.first_event_at >= m.first_event_at
      AND r.first_event_at <= m.first_event_at + interval '${REPLY_WINDOW_MS} ms' AND ${isOrdered('m', 'r')}
    ORDER BY r.first_event_at LIMIT 1) END`;
}

/** Price of a segment of the message `m`; `null` without one. @param prices Placeholder of a JSON object, or `null`. */
export function priceSql(prices: string): string {
  const byPrefix = Array.from(
    { length: PEER_PREFIX_LENGTH - 1 },
    (_one, index) => `${prices}::jsonb ->> left(m.peer_prefix, ${PEER_PREFIX_LENGTH - index})`,
  );
  return `CASE WHEN ${prices}::jsonb IS NOT NULL AND m.direction = 'outbound'
    THEN coalesce(${byPrefix.join(', ')}, ${prices}::jsonb ->> m.country)::numeric END`;
}

/** The columns of the message `m` that figures depend on. `prices`: placeholder. */
function factSql(prices: string): string {
  return `m.first_event_at AS at, m.direction, m.state,
      m.own_number_key AS "ownNumber", m.country, coalesce(m.segments::text, '${UNKNOWN}') AS segments,
      CASE WHEN m.state IN ('failed', 'undelivered')
        THEN left(coalesce(m.error_code, '${UNKNOWN}'), ${MAX_CODE_LENGTH}) END AS "errorCode",
      coalesce(m.segments, 0) AS parts, m.delivered_after_ms, ${priceSql(prices)} AS price`;
}

/** How the neighbours of a message in its conversation are found; with `none`, conversations and replies are 0. */
export type Neighbours = 'none' | 'looked up' | 'sorted';

/** The messages from `$1` to `$2`, as they count. @param prices Placeholder of a JSON object, or `null`. */
export function factsSql(message: string, prices: string, neighbours: Neighbours): string {
  if (neighbours === 'sorted') return sortedFactsSql(message, prices);
  const [opens, repliedAfterMs] =
    neighbours === 'none' ? ['false', 'NULL::float8'] : [opensSql(message), repliedAfterMsSql(message)];
  return `
    SELECT ${factSql(prices)}, ${opens} AS opens, ${repliedAfterMs} AS replied_after_ms
    FROM ${message} m WHERE m.first_event_at >= $1 AND m.first_event_at < $2`;
}

/** All messages of that time, and of the conversations around it, are sorted. */
function sortedFactsSql(message: string, prices: string): string {
  return `
    SELECT ${factSql(prices)},
      m.conversation IS NOT NULL AND coalesce(m.before <= m.first_event_at - interval '${CONVERSATION_GAP_MS} ms', true) AS opens,
      CASE WHEN m.direction = 'inbound' AND m.conversation IS NOT NULL
          AND m.reply_at <= m.first_event_at + interval '${REPLY_WINDOW_MS} ms'
        THEN (extract(epoch FROM m.reply_at - m.first_event_at) * 1000)::float8 END AS replied_after_ms
    FROM (
      SELECT id, first_event_at, direction, state, own_number_key, country, segments, error_code, delivered_after_ms, peer_prefix,
        conversation, lead(first_event_at) OVER newest_first AS before,
        min(first_event_at) FILTER (WHERE direction = 'outbound') OVER newest_first AS reply_at
      FROM ${message}
      WHERE first_event_at >= $1::timestamptz - interval '${CONVERSATION_GAP_MS} ms'
        AND first_event_at < $2::timestamptz + interval '${REPLY_WINDOW_MS} ms'
      WINDOW newest_first AS (PARTITION BY conversation ORDER BY first_event_at DESC, id COLLATE "C" DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ) AS m WHERE m.first_event_at >= $1 AND m.first_event_at < $2`;
}
