import { randomUUID } from 'node:crypto';

/** Share of the time-out after which no call begins without a new heartbeat. */
const FRESH_SHARE = 2 / 3;

/**
 * The right of this process to the deliveries that it has taken: a row of `worker`, kept alive by heartbeats. It lasts
 * until another process finds the row too old, deletes it, and releases the deliveries.
 */
export class Lease {
  /** `WorkerEntity.id`. */
  readonly id = randomUUID();
  /** Number of deliveries in memory, and of statements under way that may take some. */
  held = 0;
  /** Whether its row has been written. */
  isRegistered = false;
  #confirmedAtMs = -Infinity;
  #isLost = false;
  #confirmation = Promise.withResolvers<undefined>();

  /** @param timeoutMs After it the process counts as dead. */
  constructor(private readonly timeoutMs: number) {}

  /** Whether the process may begin a call. Reliable also after the process was stopped for a while. */
  get isFresh(): boolean {
    return !this.#isLost && performance.now() - this.#confirmedAtMs < this.timeoutMs * FRESH_SHARE;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** @param sentAtMs When the heartbeat was sent, by `performance.now()`. */
  confirm(sentAtMs: number): void {
    this.isRegistered = true;
    this.#confirmedAtMs = sentAtMs;
    this.#confirmation.resolve(undefined);
    this.#confirmation = Promise.withResolvers();
  }

  /** The row is gone: what it held belongs to others. */
  lose(): void {
    this.#isLost = true;
    this.#confirmation.resolve(undefined);
  }

  /** Waits for a heartbeat, unless one was confirmed recently. Resolves to whether a call may begin. */
  async ensureFresh(): Promise<boolean> {
    while (!this.isFresh && !this.#isLost) await this.#confirmation.promise;
    return !this.#isLost;
  }
}
