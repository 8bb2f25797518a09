/** A chunk holds the events that are due in this time, … */
const CHUNK_MS = 500;

/** … but at most this many, since they are in memory together. */
const MAX_CHUNK_SIZE = 500;

/** Computes when the next chunk of a replay is due, at a fixed number of events a second. */
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
   * How long to wait for the next chunk, in milliseconds. Chunks are due at fixed times, so their own duration does not
   * slow down the replay. After a stall of more than one chunk, the missed chunks are not caught up.
   */
  next(): number {
    const waitMs = this.#dueAtMs - this.now();
    this.#dueAtMs = Math.max(this.#dueAtMs, this.now() - this.#chunkMs) + this.#chunkMs;
    return Math.max(waitMs, 0);
  }
}
