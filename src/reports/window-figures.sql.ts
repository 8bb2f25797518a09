import { DELIVERY_STATES } from '../messages/delivery-state.js';
import { PEER_PREFIX_LENGTH } from '../messages/message-facts.js';
import { UNKNOWN } from '../messages/number-facts.js';
import { BIN_GROWTH } from './duration-bins.js';
import {
  CONVERSATION_GAP_MS,
  DIMENSIONS,
  MEASURE_COLUMNS,
  REPLY_WINDOW_MS,
  type Dimension,
  type Measure,
} from './report-measures.js';

// The definition of every figure, in SQL. Both statements compute a window from `$1` to `$2`, in buckets of `$3` seconds,
// and leave its rows as they are now: new and changed ones are written, vanished ones are deleted.

/** Longer error codes are truncated: the value is part of an index. */
const MAX_CODE_LENGTH = 64;

/** The value of each dimension, of a fact; `null` if it has none: a message that has not failed has no error code. */
const VALUES: Record<Dimension, string> = {
  total: `''`,
  ownNumber: '"ownNumber"',
  country: 'country',
  segments: 'segments',
  errorCode: '"errorCode"',
};

/** Dimensions as rows: name and value. */
const DIMENSION_VALUES = Object.entries(VALUES)
  .map(([dimension, value]) => `('${dimension}', ${value})`)
  .join(', ');

/** Measure → its aggregate over the messages of a cell. */
const MEASURE_SQL: Record<Measure, string> = {
  ...(Object.fromEntries(
    DELIVERY_STATES.map((state) => [state, `count(*) FILTER (WHERE state = '${state}')`]),
  ) as Record<(typeof DELIVERY_STATES)[number], string>),
  segmentsReceived: `coalesce(sum(parts) FILTER (WHERE direction = 'inbound'), 0)`,
  segmentsSent: `coalesce(sum(parts) FILTER (WHERE direction = 'outbound'), 0)`,
  conversations: 'count(*) FILTER (WHERE opens)',
  replied: 'count(replied_after_ms)',
  cost: `coalesce(sum(parts * price) FILTER (WHERE direction = 'outbound'), 0)`,
  unpricedSegments: `coalesce(sum(parts) FILTER (WHERE direction = 'outbound' AND price IS NULL), 0)`,
};

const COST = Object.keys(MEASURE_SQL).indexOf('cost');
const CELL_MEASURES = Object.values(MEASURE_SQL)
  // Sums of bigints would be numerics, which are slow.
  .map((sql, index) => `(${sql})::${index === COST ? 'numeric' : 'integer'} AS "${MEASURE_COLUMNS[index]}"`)
  .join(', ');
const quoted = (format: (column: string) => string) =>
  MEASURE_COLUMNS.map((column) => format(`"${column}"`)).join(', ');

/** The bin of a duration in milliseconds: see `durationOf`. Clocks that differ can make it negative. */
export function binSql(ms: string): string {
  return `CASE WHEN ${ms} <= 1 THEN 0 ELSE ceil(ln(${ms}) / ln(${BIN_GROWTH}::float8)) END::smallint`;
}

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
    SELECT extract(epoch FROM r.first_event_at - m.first_event_at)::float8 * 1000 FROM ${message} r
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

/** Names of the tables in SQL. */
interface Tables {
  source: string;
  figures: string;
  duration: string;
}

/** Deletes the rows of the window that are not in the relation `present` any more. */
function deleteVanished(table: string, present: string, key: readonly string[], where: string): string {
  const columns = (prefix: string) => key.map((column) => `${prefix}.${column}`).join(', ');
  return `DELETE FROM ${table} r WHERE ${where} AND r.bucket >= $1 AND r.bucket < $2
    AND (${columns('r')}) NOT IN (SELECT ${columns('p')} FROM ${present} p)`;
}

/** CTEs that replace the durations of the window by those of the relation `took (duration, dimension, value, ms)`. */
function replaceDurations(table: string, durations: readonly string[]): string {
  const vanished = deleteVanished(
    table,
    'bins',
    ['duration', 'dimension', 'value', 'bin'],
    `r.duration IN (${durations.map((name) => `'${name}'`).join(', ')})
      AND r.dimension IN ('total', 'ownNumber')`,
  );
  return `
  bins AS MATERIALIZED (
    SELECT duration, dimension, value, ${binSql('ms')} AS bin, count(*)::integer AS count
    FROM took WHERE ms IS NOT NULL GROUP BY 1, 2, 3, 4
  ),
  vanished_bins AS (${vanished}),
  stored_bins AS (
    INSERT INTO ${table} AS r (duration, dimension, bucket, value, bin, count)
    SELECT duration, dimension, $1::timestamptz, value, bin, count FROM bins
    ON CONFLICT (duration, dimension, bucket, value, bin) DO UPDATE SET count = excluded.count
    WHERE r.count <> excluded.count
  )`;
}

/** The messages of a period (`$1` to `$2`), as they count. `$4`: prices, or `null`. */
function factsSql(message: string): string {
  return `
    SELECT m.first_event_at AS at, m.direction, m.state,
      m.own_number_key AS "ownNumber", m.country, coalesce(m.segments::text, '${UNKNOWN}') AS segments,
      CASE WHEN m.state IN ('failed', 'undelivered')
        THEN left(coalesce(m.error_code, '${UNKNOWN}'), ${MAX_CODE_LENGTH}) END AS "errorCode",
      coalesce(m.segments, 0) AS parts, m.delivered_after_ms, ${priceSql('$4')} AS price,
      ${opensSql(message)} AS opens, ${repliedAfterMsSql(message)} AS replied_after_ms
    FROM ${message} m WHERE m.first_event_at >= $1 AND m.first_event_at < $2`;
}

/**
 * Counts messages by two dimensions, read from the messages themselves: `index` of the slice of time that starts at one of
 * `$3`, `value` with a comma between the two, and the measures.
 *
 * @param isWithConversations Whether to look up conversations and replies, which takes most of the time; else they are 0.
 */
export function pairCountsSql(
  message: string,
  pair: readonly [Dimension, Dimension],
  isWithConversations: boolean,
): string {
  const measures = Object.entries(MEASURE_SQL).map(([measure, sql], index) => {
    const isLookedUp = measure === 'conversations' || measure === 'replied';
    return `${isLookedUp && !isWithConversations ? '0' : sql}::float8 AS s${index}`;
  });
  const [first, second] = pair.map((dimension) => VALUES[dimension]);
  return `SELECT width_bucket(at, $3::timestamptz[]) - 1 AS index, ${first} || ',' || ${second} AS value, ${measures.join(', ')}
    FROM (${factsSql(message)}) AS fact WHERE ${first} IS NOT NULL AND ${second} IS NOT NULL
    GROUP BY 1, 2 ORDER BY 2, 1`;
}

/** Computes the figures of messages. `$4`: prices, or `null`. */
export function messageFiguresSql({ source, figures, duration }: Tables): string {
  return `
  WITH fact AS MATERIALIZED (
    SELECT *, date_bin($3::integer * interval '1 second', at, 'epoch') AS bucket FROM (${factsSql(source)}) AS message
  ),
  cell AS MATERIALIZED (
    SELECT bucket, "ownNumber", country, segments, "errorCode", ${CELL_MEASURES} FROM fact GROUP BY 1, 2, 3, 4, 5
  ),
  new AS MATERIALIZED (
    SELECT dimension, bucket, value, ${quoted((column) => `sum(${column}) AS ${column}`)}
    FROM cell CROSS JOIN LATERAL (VALUES ${DIMENSION_VALUES}) AS by_dimension (dimension, value)
    WHERE value IS NOT NULL GROUP BY 1, 2, 3
  ),
  vanished AS (${deleteVanished(
    figures,
    'new',
    ['dimension', 'bucket', 'value'],
    `r.dimension IN (${DIMENSIONS.map((dimension) => `'${dimension}'`).join(', ')})`,
  )}),
  took AS (
    SELECT duration, dimension, value, ms FROM fact
    CROSS JOIN LATERAL (VALUES ('timeToDelivered', delivered_after_ms), ('timeToFirstReply', replied_after_ms))
      AS by_duration (duration, ms)
    CROSS JOIN LATERAL (VALUES ('total', ''), ('ownNumber', "ownNumber")) AS by_dimension (dimension, value)
  ),
  ${replaceDurations(duration, ['timeToDelivered', 'timeToFirstReply'])}
  INSERT INTO ${figures} AS r (dimension, bucket, value, ${quoted((column) => column)})
  SELECT dimension, bucket, value, ${quoted((column) => column)} FROM new
  ON CONFLICT (dimension, bucket, value) DO UPDATE SET ${quoted((column) => `${column} = excluded.${column}`)}
  WHERE (${quoted((column) => `r.${column}`)}) IS DISTINCT FROM (${quoted((column) => `excluded.${column}`)})`;
}

/** Computes the figures of events. */
export function eventFiguresSql({ source, figures, duration }: Tables): string {
  return `
  WITH fact AS MATERIALIZED (
    SELECT date_bin($3::integer * interval '1 second', received_at, 'epoch') AS bucket,
      dispatched_at IS NOT NULL AS is_dispatched, status = 'quarantined' AS is_quarantined,
      extract(epoch FROM received_at - occurred_at)::float8 * 1000 AS lag_ms
    FROM ${source} WHERE received_at >= $1 AND received_at < $2
  ),
  new AS MATERIALIZED (
    SELECT bucket, count(*) FILTER (WHERE is_dispatched) AS accepted, count(*) FILTER (WHERE is_quarantined) AS quarantined
    FROM fact GROUP BY 1
  ),
  vanished AS (
    UPDATE ${figures} r SET accepted = 0, quarantined = 0
    WHERE r.bucket >= $1 AND r.bucket < $2 AND r.bucket NOT IN (SELECT bucket FROM new)
      AND (r.accepted, r.quarantined) <> (0, 0)
  ),
  took AS (SELECT 'eventLag' AS duration, 'total' AS dimension, '' AS value, lag_ms AS ms FROM fact WHERE is_dispatched),
  ${replaceDurations(duration, ['eventLag'])}
  INSERT INTO ${figures} AS r (bucket, accepted, quarantined) SELECT bucket, accepted, quarantined FROM new
  ON CONFLICT (bucket) DO UPDATE SET accepted = excluded.accepted, quarantined = excluded.quarantined
  WHERE (r.accepted, r.quarantined) <> (excluded.accepted, excluded.quarantined)`;
}
