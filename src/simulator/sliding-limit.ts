/** A limit per second applies to every interval of one second, wherever it begins. */
const WINDOW_MS = 1000;

/** Allows a number of requests in any sliding second, and returns the waiting time of the others. */
export class SlidingLimit {
  /** Times of the requests allowed in the last second, oldest first. */
  #taken: number[] = [];

  constructor(private readonly perSecond: number) {}

  /**
   * Counts a request, if the limit allows it.
   *
   * @param nowMs From a monotonic clock.
   * @returns 0 if it is allowed; otherwise the milliseconds until one is allowed.
   */
  take(nowMs: number): number {
    this.#taken = this.#taken.filter((at) => nowMs - at < WINDOW_MS);
    const oldest = this.#taken[0];
    if (oldest !== undefined && this.#taken.length >= this.perSecond) return oldest + WINDOW_MS - nowMs;
    this.#taken.push(nowMs);
    return 0;
  }
}

/** The largest number of times (milliseconds, ascending) within one sliding second. */
export function busiestSecond(times: readonly number[]): number {
  let largest = 0;
  let first = 0;
  times.forEach((at, index) => {
    while (at - (times[first] ?? at) >= WINDOW_MS) first += 1;
    largest = Math.max(largest, index - first + 1);
  });
  return largest;
}
