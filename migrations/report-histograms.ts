/** A row for each histogram instead of one for each bin: entries of the bin (2 bytes) and the count (4 bytes). */
export function toHistograms(table: string): string[] {
  const key = 'duration, dimension, hour, value';
  return [
    `CREATE TEMPORARY TABLE merged ON COMMIT DROP AS
       SELECT ${key}, string_agg(int2send(bin) || int4send(count), '' ORDER BY bin) AS histogram
       FROM (SELECT ${key}, bin, sum(count)::integer AS count FROM ${table} GROUP BY ${key}, bin) AS bins
       WHERE count > 0 GROUP BY ${key}`,
    `TRUNCATE ${table}`,
    `ALTER TABLE ${table} DROP COLUMN slot CASCADE, DROP COLUMN bin, DROP COLUMN count, ADD COLUMN histogram bytea NOT NULL`,
    `ALTER TABLE ${table} RENAME COLUMN hour TO bucket`,
    `ALTER TABLE ${table} ADD CONSTRAINT report_duration_pkey PRIMARY KEY (duration, dimension, bucket, value)`,
    `INSERT INTO ${table} (duration, dimension, bucket, value, histogram) SELECT * FROM merged`,
    `DROP TABLE merged`,
  ];
}

/** The entries of the histogram of the row `d`, as rows. */
export const ENTRIES = `generate_series(0, length(d.histogram) / 6 - 1) AS entry,
       LATERAL (SELECT get_byte(d.histogram, entry * 6) * 256 + get_byte(d.histogram, entry * 6 + 1) AS bin,
         (get_byte(d.histogram, entry * 6 + 2)::bigint << 24) + (get_byte(d.histogram, entry * 6 + 3) << 16)
           + (get_byte(d.histogram, entry * 6 + 4) << 8) + get_byte(d.histogram, entry * 6 + 5) AS count) AS e`;

export function fromHistograms(table: string): string[] {
  return [
    `CREATE TEMPORARY TABLE merged ON COMMIT DROP AS SELECT duration, dimension, date_trunc('hour', bucket, 'UTC') AS hour, value,
       bin, sum(count)::integer AS count FROM ${table} d, ${ENTRIES} GROUP BY 1, 2, 3, 4, 5`,
    `TRUNCATE ${table}`,
    `ALTER TABLE ${table} DROP CONSTRAINT report_duration_pkey, DROP COLUMN histogram`,
    `ALTER TABLE ${table} RENAME COLUMN bucket TO hour`,
    `ALTER TABLE ${table} ADD COLUMN bin smallint NOT NULL, ADD COLUMN slot smallint NOT NULL, ADD COLUMN count integer NOT NULL`,
    `ALTER TABLE ${table} ADD CONSTRAINT report_duration_pkey PRIMARY KEY (duration, dimension, hour, value, bin, slot)`,
    `INSERT INTO ${table} (duration, dimension, hour, value, bin, slot, count)
       SELECT duration, dimension, hour, value, bin, 0, count FROM merged`,
    `DROP TABLE merged`,
  ];
}
