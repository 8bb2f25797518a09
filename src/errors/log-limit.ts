/** Lines of one kind in one interval; what is more is counted. */
const MAX_LINES = 5;
const INTERVAL_MS = 10_000;

/** Limits how often the same is logged when it happens many times a second, as when what a listener calls is down. */
export class LogLimit {
  #beganAtMs = -Infinity;
  #lines = 0;
  #leftOut = 0;

  constructor(private readonly now = () => performance.now()) {}

  /** Whether a line may be logged. `note` is to be added to it: it says how many were left out before. */
  next(): { note: string } | undefined {
    const nowMs = this.now();
    if (nowMs - this.#beganAtMs >= INTERVAL_MS) {
      this.#beganAtMs = nowMs;
      this.#lines = 0;
    }
    this.#lines++;
    if (this.#lines > MAX_LINES) {
      this.#leftOut++;
      return undefined;
    }
    const note = this.#leftOut > 0 ? ` (${this.#leftOut} more like this were not logged)` : '';
    this.#leftOut = 0;
    return { note };
  }
}
