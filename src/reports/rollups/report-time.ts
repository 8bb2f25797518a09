/** Counts are kept in UTC buckets of 15 minutes, the granularity of the offsets of all time zones. */
export const BUCKET_MS = 15 * 60_000;

/** Durations are kept in UTC buckets of 1 hour. */
export const HOUR_MS = 60 * 60_000;

/** Start of the 15-minute bucket of a time, in milliseconds since 1970. */
export function bucketOf(at: Date): number {
  return floorTo(at.getTime(), BUCKET_MS);
}

/** Start of the hour of a time, in milliseconds since 1970. */
export function hourOf(at: Date): number {
  return floorTo(at.getTime(), HOUR_MS);
}

/** The greatest multiple of `step` that is not greater than `ms`. */
export function floorTo(ms: number, step: number): number {
  return Math.floor(ms / step) * step;
}
