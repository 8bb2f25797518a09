/** A chunk is what is due in so many milliseconds … */
const CHUNK_MS = 500;

/** … but no more events than this, since they are in memory together. */
const MAX_CHUNK_SIZE = 500;

/** When the next chunk of a replay is due, at a fixed number of events a second. */
export class ReplayPace {
  /** Events in one chunk. */
  readonly chunkSize: number;
  readonly #chunkMs: number;
  #dueAtMs: number;

  constructor(
    ratePerSecond: number,
    private readonly now = () => performance.now(),
  ) {
    this.chunkSize = Math.min(Math.max(Math.floor((ratePerSecond * CHUNK_MS) / 1000), 1), MAX_CHUNK_SIZE);
    this.#chunkMs = (this.chunkSize / ratePerSecond) * 1000;
    this.#dueAtMs = now() + this.#chunkMs;
  }

  /**
   * How long to wait for the next chunk, in milliseconds. Chunks are due at fixed times, so that what they take
   * themselves does not slow the replay down; what was missed by more than a chunk is not made up for.
   */
  next(): number {
    const waitMs = this.#dueAtMs - this.now();
    this.#dueAtMs = Math.max(this.#dueAtMs, this.now() - this.#chunkMs) + this.#chunkMs;
    return Math.max(waitMs, 0);
  }
}
