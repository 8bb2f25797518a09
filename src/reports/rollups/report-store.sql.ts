import { MEASURES } from './report-deltas.js';

/** Column of each of `MEASURES`. */
export const MEASURE_COLUMNS = MEASURES.map((measure) =>
  measure.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
);

const COLUMNS = MEASURE_COLUMNS.join(', ');
const SUMS = MEASURE_COLUMNS.map((column) => `${column} = r.${column} + excluded.${column}`).join(', ');
const COUNT_ARRAYS = MEASURES.map((_measure, index) => `$${index + 15}::int[]`).join(', ');

/** Names of the tables in SQL. */
interface Tables {
  ownNumber: string;
  duration: string;
  event: string;
  count: string;
}

/**
 * `$1`: slot; `$2`, `$3`: own numbers; `$4` to `$9`: durations; `$10`, `$11`: events; `$12` to `$14`: dimensions of the
 * counts; then one array for each of `MEASURES`.
 */
export const addToReportsSql = (tables: Tables) => `
  WITH numbers AS (
    INSERT INTO ${tables.ownNumber} (key, number)
    SELECT * FROM unnest($2::text[], $3::text[]) ON CONFLICT DO NOTHING
  ),
  durations AS (
    INSERT INTO ${tables.duration} AS r (duration, dimension, hour, value, bin, count, slot)
    SELECT new.*, $1 FROM
      unnest($4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::smallint[], $9::int[]) AS new
    ON CONFLICT (duration, dimension, hour, value, bin, slot) DO UPDATE SET count = r.count + excluded.count
  ),
  events AS (
    INSERT INTO ${tables.event} AS r (bucket, accepted, slot)
    SELECT new.*, $1 FROM unnest($10::timestamptz[], $11::int[]) AS new
    ON CONFLICT (bucket, slot) DO UPDATE SET accepted = r.accepted + excluded.accepted
  )
  INSERT INTO ${tables.count} AS r (dimension, bucket, value, ${COLUMNS}, slot)
  SELECT new.*, $1 FROM unnest($12::text[], $13::timestamptz[], $14::text[], ${COUNT_ARRAYS}) AS new
  ON CONFLICT (dimension, bucket, value, slot) DO UPDATE SET ${SUMS}`;
