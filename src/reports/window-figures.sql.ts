import { DELIVERY_STATES } from '../messages/delivery-state.js';
import { BIN_GROWTH } from './duration-bins.js';
import { factsSql, type Neighbours } from './message-facts.sql.js';
import {
  BUCKET_MS,
  DIMENSIONS,
  MEASURE_COLUMNS,
  type Dimension,
  type Duration,
  type Measure,
} from './report-measures.js';

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

/** The same as grouping sets of cells, and what tells their rows apart. */
const GROUPINGS = DIMENSIONS.map((dimension) => ({ dimension, value: VALUES[dimension] })).filter(
  ({ dimension }) => dimension !== 'total',
);
const GROUPING_SETS = ['', ...GROUPINGS.map(({ value }) => `, ${value}`)]
  .map((value) => `(bucket, state, direction${value})`)
  .join(', ');
const byGrouping = (result: (grouping: (typeof GROUPINGS)[number]) => string) =>
  GROUPINGS.map((one) => `WHEN grouping(${one.value}) = 0 THEN ${result(one)}`).join(' ');
const CELL_DIMENSION = `CASE ${byGrouping(({ dimension }) => `'${dimension}'`)} ELSE 'total' END`;
const CELL_VALUE = `CASE ${byGrouping(({ value }) => value)} ELSE '' END`;

/** Sums of the messages of a cell, which all have the same state. Sums of bigints would be numerics, which are slow. */
const CELL_SUMS = `count(*)::integer AS messages, sum(parts)::integer AS parts,
  (count(*) FILTER (WHERE opens))::integer AS opened, count(replied_after_ms)::integer AS replied,
  sum(parts * price) AS cost, (sum(parts) FILTER (WHERE price IS NULL))::integer AS unpriced`;

/** Measure → its sum over cells. */
const MEASURE_SQL: Record<Measure, string> = {
  ...(Object.fromEntries(
    DELIVERY_STATES.map((state) => [state, `sum(messages) FILTER (WHERE state = '${state}')`]),
  ) as Record<(typeof DELIVERY_STATES)[number], string>),
  segmentsReceived: `sum(parts) FILTER (WHERE direction = 'inbound')`,
  segmentsSent: `sum(parts) FILTER (WHERE direction = 'outbound')`,
  conversations: 'sum(opened)',
  replied: 'sum(replied)',
  cost: 'sum(cost)',
  unpricedSegments: `sum(unpriced) FILTER (WHERE direction = 'outbound')`,
};
const MEASURE_SUMS = Object.values(MEASURE_SQL).map((sql) => `coalesce(${sql}, 0)`);
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
    FROM (SELECT *, width_bucket(at, $3::timestamptz[]) AS index FROM (${rows}) AS row OFFSET 0) AS source
    CROSS JOIN LATERAL (SELECT ($3::timestamptz[])[index] AS start, ($4::integer[])[index] AS seconds) AS w
    WHERE source.at < w.start + w.seconds * interval '1 s'`;
}

/** CTEs that replace the histograms of the windows by those of durations: name → its column of `fact`, with `ownNumber`. */
function replaceDurations(table: string, durations: Partial<Record<Duration, string>>): string {
  const vanished = deleteVanished(
    table,
    'histograms',
    ['duration', 'dimension', 'bucket', 'value'],
    `r.duration IN (${Object.keys(durations)
      .map((name) => `'${name}'`)
      .join(', ')}) AND r.dimension IN ('total', 'ownNumber')`,
  );
  const took = Object.entries(durations).map(
    ([duration, ms]) =>
      `SELECT '${duration}' AS duration, start, "ownNumber", ${binSql(ms)} AS bin FROM fact WHERE ${ms} IS NOT NULL`,
  );
  return `
  bins AS (
    SELECT duration, start, bin, CASE grouping("ownNumber") WHEN 0 THEN 'ownNumber' ELSE 'total' END AS dimension,
      CASE grouping("ownNumber") WHEN 0 THEN "ownNumber" ELSE '' END AS value, count(*)::integer AS count
    FROM (${took.join(' UNION ALL ')}) AS took
    GROUP BY GROUPING SETS ((duration, start, bin), (duration, start, bin, "ownNumber"))
  ),
  histograms AS MATERIALIZED (
    SELECT duration, dimension, start AS bucket, value, string_agg(int2send(bin) || int4send(count), '' ORDER BY bin) AS histogram
    FROM bins WHERE value IS NOT NULL GROUP BY 1, 2, 3, 4
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
 */
export function pairCountsSql(
  message: string,
  pair: readonly [Dimension, Dimension],
  neighbours: Neighbours,
): string {
  const [first, second] = pair.map((dimension) => VALUES[dimension]);
  return `
  SELECT index, value, ${MEASURE_SUMS.map((sum, index) => `${sum}::float8 AS s${index}`).join(', ')}
  FROM (
    SELECT width_bucket(at, $3::timestamptz[]) - 1 AS index, ${first} || ',' || ${second} AS value, state, direction, ${CELL_SUMS}
    FROM (${factsSql(message, '$4', neighbours)}) AS fact WHERE ${first} IS NOT NULL AND ${second} IS NOT NULL GROUP BY 1, 2, 3, 4
  ) AS cell GROUP BY 1, 2 ORDER BY 2, 1`;
}

/** Computes the figures of messages. `$5`: prices, or `null`. */
export function messageFiguresSql({ source, figures, duration }: Tables, neighbours: Neighbours): string {
  return `
  WITH fact AS MATERIALIZED (${inWindows(factsSql(source, '$5', neighbours))}),
  cell AS (
    SELECT bucket, state, direction, ${CELL_DIMENSION} AS dimension, ${CELL_VALUE} AS value, ${CELL_SUMS}
    FROM fact GROUP BY GROUPING SETS (${GROUPING_SETS})
  ),
  new AS MATERIALIZED (
    SELECT dimension, bucket, value, ${MEASURE_SUMS.map((sum, index) => `${sum} AS "${MEASURE_COLUMNS[index]}"`).join(', ')}
    FROM cell WHERE value IS NOT NULL GROUP BY 1, 2, 3
  ),
  vanished AS (${deleteVanished(
    figures,
    'new',
    ['dimension', 'bucket', 'value'],
    `r.dimension IN (${DIMENSIONS.map((dimension) => `'${dimension}'`).join(', ')})`,
  )}),
  ${replaceDurations(duration, { timeToDelivered: 'delivered_after_ms', timeToFirstReply: 'replied_after_ms' })}
  INSERT INTO ${figures} AS r (dimension, bucket, value, ${quoted((column) => column)})
  SELECT dimension, bucket, value, ${quoted((column) => column)} FROM new
  ON CONFLICT (dimension, bucket, value) DO UPDATE SET ${quoted((column) => `${column} = excluded.${column}`)}
  WHERE (${quoted((column) => `r.${column}`)}) IS DISTINCT FROM (${quoted((column) => `excluded.${column}`)})`;
}

/** Computes the figures of events. */
export function eventFiguresSql({ source, figures, duration }: Tables): string {
  const events = `
    SELECT received_at AS at, dispatched_at IS NOT NULL AS is_dispatched, status = 'quarantined' AS is_quarantined,
      NULL AS "ownNumber", CASE WHEN dispatched_at IS NOT NULL THEN (extract(epoch FROM received_at - occurred_at) * 1000)::float8 END AS lag_ms
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
  ${replaceDurations(duration, { eventLag: 'lag_ms' })}
  INSERT INTO ${figures} AS r (bucket, accepted, quarantined) SELECT bucket, accepted, quarantined FROM new
  ON CONFLICT (bucket) DO UPDATE SET accepted = excluded.accepted, quarantined = excluded.quarantined
  WHERE (r.accepted, r.quarantined) <> (excluded.accepted, excluded.quarantined)`;
}
