/** Counts are kept by the quarter of an hour in UTC, so that days begin right in every time zone. */
export const BUCKET_MS = 15 * 60_000;

/** Durations are kept by the hour in UTC. */
export const HOUR_MS = 60 * 60_000;

/** The beginning of the quarter of an hour that a time is in, in milliseconds since 1970. */
export function bucketOf(at: Date): number {
  return floorTo(at.getTime(), BUCKET_MS);
}

/** The beginning of the hour that a time is in, in milliseconds since 1970. */
export function hourOf(at: Date): number {
  return floorTo(at.getTime(), HOUR_MS);
}

/** The greatest multiple of `step` that is not greater. */
export function floorTo(ms: number, step: number): number {
  return Math.floor(ms / step) * step;
}
