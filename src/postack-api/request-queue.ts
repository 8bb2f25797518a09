/** Who waits: a reply to somebody, or anything else. Neither holds up the other. */
export type RequestPriority = 'reply' | 'other';

interface Waiter {
  resolve: () => void;
  reject: (reason: unknown) => void;
  maxBlockMs: number;
}

/** Those of one process that wait: two queues, first come, first served, which take turns while both wait. */
export class RequestQueue {
  readonly #queues: Record<RequestPriority, Set<Waiter>> = { reply: new Set(), other: new Set() };
  #lastServed: RequestPriority = 'other';

  get isEmpty(): boolean {
    return this.#queues.reply.size + this.#queues.other.size === 0;
  }

  /**
   * Waits to be served, or rejected.
   *
   * @param maxBlockMs For `rejectImpatient`.
   * @param signal Leaves the queue at once; then this rejects with the signal's reason.
   */
  join(priority: RequestPriority, maxBlockMs: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const waiter: Waiter = {
      resolve: () => {
        resolve(undefined);
      },
      reject,
      maxBlockMs,
    };
    const leave = () => {
      this.#queues[priority].delete(waiter);
      reject(signal?.reason);
    };
    this.#queues[priority].add(waiter);
    signal?.addEventListener('abort', leave, { once: true });
    return promise.finally(() => signal?.removeEventListener('abort', leave));
  }

  /** Lets whoever is next pass, if anybody is. */
  serveNext(): void {
    const preferred = this.#lastServed === 'reply' ? 'other' : 'reply';
    const priority = this.#queues[preferred].size > 0 ? preferred : this.#lastServed;
    const [waiter] = this.#queues[priority];
    if (!waiter) return;
    this.#queues[priority].delete(waiter);
    this.#lastServed = priority;
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
    for (const priority of Object.values(this.#queues)) {
      for (const waiter of [...priority].filter(which)) {
        priority.delete(waiter);
        waiter.reject(reason);
      }
    }
  }
}
