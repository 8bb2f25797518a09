import { DELIVERY_STATES } from '../messages/delivery-state.js';
import { BIN_GROWTH } from './duration-bins.js';
import { factsSql, sortedFactsSql } from './message-facts.sql.js';
import { BUCKET_MS, DIMENSIONS, MEASURE_COLUMNS, type Dimension, type Measure } from './report-measures.js';

// The definition of every figure, in SQL. Both statements compute the windows from `$1` to `$2`, which start at `$3` and are
// `$4` seconds long, and leave their rows as they are now: new and changed ones are written, vanished ones are deleted.

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

/** Adds the window and the bucket that `at` is in to rows; those in no window are left out. */
function inWindows(rows: string): string {
  return `
    SELECT source.*, w.start, date_bin(least(w.seconds, ${BUCKET_MS / 1000}) * interval '1 s', source.at, 'epoch') AS bucket
    FROM (${rows}) AS source
    CROSS JOIN LATERAL (SELECT width_bucket(source.at, $3::timestamptz[]) AS index) AS found
    CROSS JOIN LATERAL (SELECT ($3::timestamptz[])[index] AS start, ($4::integer[])[index] AS seconds) AS w
    WHERE source.at < w.start + w.seconds * interval '1 s'`;
}

/** CTEs that replace the histograms of the windows by those of the relation `took (duration, dimension, value, start, ms)`. */
function replaceDurations(table: string, durations: readonly string[]): string {
  const vanished = deleteVanished(
    table,
    'histograms',
    ['duration', 'dimension', 'bucket', 'value'],
    `r.duration IN (${durations.map((name) => `'${name}'`).join(', ')})
      AND r.dimension IN ('total', 'ownNumber')`,
  );
  return `
  bins AS (
    SELECT duration, dimension, start, value, ${binSql('ms')} AS bin, count(*)::integer AS count
    FROM took WHERE ms IS NOT NULL GROUP BY 1, 2, 3, 4, 5
  ),
  histograms AS MATERIALIZED (
    SELECT duration, dimension, start AS bucket, value, string_agg(int2send(bin) || int4send(count), '' ORDER BY bin) AS histogram
    FROM bins GROUP BY 1, 2, 3, 4
  ),
  vanished_histograms AS (${vanished}),
  stored_histograms AS (
    INSERT INTO ${table} AS r (duration, dimension, bucket, value, histogram)
    SELECT duration, dimension, bucket, value, histogram FROM histograms
    ON CONFLICT (duration, dimension, bucket, value) DO UPDATE SET histogram = excluded.histogram
    WHERE r.histogram <> excluded.histogram
  )`;
}

/**
 * Counts messages by two dimensions, read from the messages themselves: `index` of the slice of time that starts at one of
 * `$3`, `value` with a comma between the two, and the measures. `$4`: prices, or `null`.
 *
 * @param neighbours Whether to find those in the conversation, and how; without them, conversations and replies are 0.
 */
export function pairCountsSql(
  message: string,
  pair: readonly [Dimension, Dimension],
  neighbours: 'none' | 'looked up' | 'sorted',
): string {
  const facts = neighbours === 'sorted' ? sortedFactsSql : factsSql;
  const measures = Object.entries(MEASURE_SQL).map(([measure, sql], index) => {
    const isOfConversation = measure === 'conversations' || measure === 'replied';
    return `${isOfConversation && neighbours === 'none' ? '0' : sql}::float8 AS s${index}`;
  });
  const [first, second] = pair.map((dimension) => VALUES[dimension]);
  return `SELECT width_bucket(at, $3::timestamptz[]) - 1 AS index, ${first} || ',' || ${second} AS value, ${measures.join(', ')}
    FROM (${facts(message, '$4')}) AS fact WHERE ${first} IS NOT NULL AND ${second} IS NOT NULL
    GROUP BY 1, 2 ORDER BY 2, 1`;
}

/** Computes the figures of messages. `$5`: prices, or `null`. @param isLong Whether it is for about a day, or more. */
export function messageFiguresSql({ source, figures, duration }: Tables, isLong: boolean): string {
  const facts = isLong ? sortedFactsSql : factsSql;
  return `
  WITH fact AS MATERIALIZED (${inWindows(facts(source, '$5'))}),
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
    SELECT duration, dimension, value, start, ms FROM fact
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
  const events = `
    SELECT received_at AS at, dispatched_at IS NOT NULL AS is_dispatched, status = 'quarantined' AS is_quarantined,
      extract(epoch FROM received_at - occurred_at)::float8 * 1000 AS lag_ms
    FROM ${source} WHERE received_at >= $1 AND received_at < $2`;
  return `
  WITH fact AS MATERIALIZED (${inWindows(events)}),
  new AS MATERIALIZED (
    SELECT bucket, count(*) FILTER (WHERE is_dispatched) AS accepted, count(*) FILTER (WHERE is_quarantined) AS quarantined
    FROM fact GROUP BY 1
  ),
  vanished AS (
    UPDATE ${figures} r SET accepted = 0, quarantined = 0
    WHERE r.bucket >= $1 AND r.bucket < $2 AND r.bucket NOT IN (SELECT bucket FROM new)
      AND (r.accepted, r.quarantined) <> (0, 0)
  ),
  took AS (
    SELECT 'eventLag' AS duration, 'total' AS dimension, '' AS value, start, lag_ms AS ms FROM fact WHERE is_dispatched
  ),
  ${replaceDurations(duration, ['eventLag'])}
  INSERT INTO ${figures} AS r (bucket, accepted, quarantined) SELECT bucket, accepted, quarantined FROM new
  ON CONFLICT (bucket) DO UPDATE SET accepted = excluded.accepted, quarantined = excluded.quarantined
  WHERE (r.accepted, r.quarantined) <> (excluded.accepted, excluded.quarantined)`;
}
