/** The largest number of these times that fall within so many milliseconds. */
export function mostWithin(ms: number, times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + ms).length));
}
