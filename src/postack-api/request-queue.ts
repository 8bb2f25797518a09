/** Who waits: a reply to somebody, or anything else. Neither holds up the other. */
export type RequestLane = 'reply' | 'other';

interface Waiter {
  resolve: () => void;
  reject: (reason: unknown) => void;
  maxBlockMs: number;
}

/** Those of one process that wait: two queues, first come, first served, which take turns while both wait. */
export class RequestQueue {
  readonly #lanes: Record<RequestLane, Set<Waiter>> = { reply: new Set(), other: new Set() };
  #lastServed: RequestLane = 'other';

  get isEmpty(): boolean {
    return this.#lanes.reply.size + this.#lanes.other.size === 0;
  }

  /**
   * Waits to be served, or rejected.
   *
   * @param maxBlockMs For `rejectImpatient`.
   * @param signal Leaves the queue at once; then this rejects with the signal's reason.
   */
  join(lane: RequestLane, maxBlockMs: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const waiter: Waiter = {
      resolve: () => {
        resolve(undefined);
      },
      reject,
      maxBlockMs,
    };
    const leave = () => {
      this.#lanes[lane].delete(waiter);
      reject(signal?.reason);
    };
    this.#lanes[lane].add(waiter);
    signal?.addEventListener('abort', leave, { once: true });
    return promise.finally(() => signal?.removeEventListener('abort', leave));
  }

  /** Lets whoever is next pass, if anybody is. */
  serveNext(): void {
    const preferred = this.#lastServed === 'reply' ? 'other' : 'reply';
    const lane = this.#lanes[preferred].size > 0 ? preferred : this.#lastServed;
    const [waiter] = this.#lanes[lane];
    if (!waiter) return;
    this.#lanes[lane].delete(waiter);
    this.#lastServed = lane;
    waiter.resolve();
  }

  /** Sends everybody away. */
  rejectAll(reason: unknown): void {
    this.#reject(reason, () => true);
  }

  /** Sends those away who do not wait for a block of so long. */
  rejectImpatient(blockMs: number, reason: unknown): void {
    this.#reject(reason, ({ maxBlockMs }) => maxBlockMs < blockMs);
  }

  #reject(reason: unknown, which: (waiter: Waiter) => boolean): void {
    for (const lane of Object.values(this.#lanes)) {
      for (const waiter of [...lane].filter(which)) {
        lane.delete(waiter);
        waiter.reject(reason);
      }
    }
  }
}
