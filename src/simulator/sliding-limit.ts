/** A limit of so many a second counts over every second, wherever it begins. */
const WINDOW_MS = 1000;

/** Lets so many requests through in any sliding second, and tells the others when to come again. */
export class SlidingLimit {
  /** When those of the last second were let through, oldest first. */
  #taken: number[] = [];

  constructor(private readonly perSecond: number) {}

  /**
   * Takes a place, if there is one.
   *
   * @param nowMs A clock that never goes back.
   * @returns 0, or after how many milliseconds there is a place again.
   */
  take(nowMs: number): number {
    this.#taken = this.#taken.filter((at) => nowMs - at < WINDOW_MS);
    const oldest = this.#taken[0];
    if (oldest !== undefined && this.#taken.length >= this.perSecond) return oldest + WINDOW_MS - nowMs;
    this.#taken.push(nowMs);
    return 0;
  }
}

/** The largest number of these times (milliseconds, ascending) that fall within one sliding second. */
export function busiestSecond(times: readonly number[]): number {
  let largest = 0;
  let first = 0;
  times.forEach((at, index) => {
    while (at - (times[first] ?? at) >= WINDOW_MS) first += 1;
    largest = Math.max(largest, index - first + 1);
  });
  return largest;
}
