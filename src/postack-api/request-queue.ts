/** Whether a request answers a customer. Replies and other requests take turns, so that neither delays the other. */
export type RequestPriority = 'reply' | 'other';

interface Waiter {
  resolve: (timeMs: number) => void;
  reject: (reason: unknown) => void;
  maxBlockMs: number;
}

/** The waiting requests of one process: a FIFO queue for each priority; the two are served in turn. */
export class RequestQueue {
  readonly #queues: Record<RequestPriority, Set<Waiter>> = { reply: new Set(), other: new Set() };
  #lastServed: RequestPriority = 'other';

  get size(): number {
    return this.#queues.reply.size + this.#queues.other.size;
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  /**
   * Resolves when the request is served, to the time that `serveNext` gets.
   *
   * @param maxBlockMs Longest block to wait for; see `rejectImpatient`.
   * @param signal Leaves the queue immediately; then this rejects with the signal's reason.
   */
  join(priority: RequestPriority, maxBlockMs: number, signal?: AbortSignal): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const waiter: Waiter = { resolve, reject, maxBlockMs };
    const leave = () => {
      this.#queues[priority].delete(waiter);
      reject(signal?.reason);
    };
    this.#queues[priority].add(waiter);
    signal?.addEventListener('abort', leave, { once: true });
    return promise.finally(() => signal?.removeEventListener('abort', leave));
  }

  /** Serves the next request, if any waits. */
  serveNext(timeMs: number): void {
    const preferred = this.#lastServed === 'reply' ? 'other' : 'reply';
    const priority = this.#queues[preferred].size > 0 ? preferred : this.#lastServed;
    const [waiter] = this.#queues[priority];
    if (!waiter) return;
    this.#queues[priority].delete(waiter);
    this.#lastServed = priority;
    waiter.resolve(timeMs);
  }

  rejectAll(reason: unknown): void {
    this.#reject(reason, () => true);
  }

  /** Rejects the requests that do not wait for a block of this length. */
  rejectImpatient(blockMs: number, reason: unknown): void {
    this.#reject(reason, ({ maxBlockMs }) => maxBlockMs < blockMs);
  }

  #reject(reason: unknown, isRejected: (waiter: Waiter) => boolean): void {
    for (const queue of Object.values(this.#queues)) {
      for (const waiter of [...queue].filter(isRejected)) {
        queue.delete(waiter);
        waiter.reject(reason);
      }
    }
  }
}
