/** The batch of an item was not committed in time. It may still be committed later. */
export class GroupCommitTimeout extends Error {
  override readonly name = 'GroupCommitTimeout';
}

export interface GroupCommitOptions {
  /** Maximum number of items in one call of `commit`. */
  maxBatchSize: number;
  /** Maximum number of concurrent calls of `commit`. */
  maxInFlight: number;
  /** Maximum wait of an item; after it, the item is rejected with `GroupCommitTimeout`. */
  timeoutMs: number;
  /** Returns a promise to wait for before the next batch is sent, or `undefined`. It must not reject. */
  ready?: () => Promise<void> | undefined;
}

interface Waiter<Item, Result> {
  item: Item;
  deadlineMs: number;
  resolve: (result: Result) => void;
  reject: (reason: unknown) => void;
}

/**
 * Turns single writes into batches. An item is sent at once while fewer than `maxInFlight` commits are running; items
 * that arrive meanwhile are sent together. So nothing waits when traffic is low, and under load many items share the
 * cost of a commit.
 */
export class GroupCommit<Item, Result> {
  readonly #queue: Waiter<Item, Result>[] = [];
  readonly #inFlight = new Set<readonly Waiter<Item, Result>[]>();
  private timer: NodeJS.Timeout | undefined;
  #isWaiting = false;

  /** @param commit Resolves to one settled result per item, in the same order. Rejects when all items failed. */
  constructor(
    private readonly commit: (items: Item[]) => Promise<PromiseSettledResult<Result>[]>,
    private readonly options: GroupCommitOptions,
  ) {}

  /** Number of items that are queued and not yet sent. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Resolves or rejects with this item's own result. */
  add(item: Item): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ item, deadlineMs: Date.now() + this.options.timeoutMs, resolve, reject });
      // In the next turn of the event loop, so that requests read in the same turn share a commit.
      if (this.#queue.length === 1)
        setImmediate(() => {
          this.#pump();
        });
      this.#watch();
    });
  }

  #pump(): void {
    while (this.#queue.length > 0 && this.#inFlight.size < this.options.maxInFlight && !this.#isWaiting) {
      const ready = this.options.ready?.();
      if (!ready) {
        this.#sendNext();
        continue;
      }
      this.#isWaiting = true;
      void ready.then(() => {
        this.#isWaiting = false;
        // Without asking again: one commit waits once.
        this.#sendNext();
        this.#pump();
      });
    }
  }

  #sendNext(): void {
    const batch = this.#queue.splice(0, this.options.maxBatchSize);
    if (batch.length === 0) return;
    this.#inFlight.add(batch);
    void this.#send(batch);
  }

  async #send(batch: readonly Waiter<Item, Result>[]): Promise<void> {
    try {
      const results = await this.commit(batch.map(({ item }) => item));
      batch.forEach((waiter, index) => {
        const result = results[index];
        if (result?.status === 'fulfilled') waiter.resolve(result.value);
        else waiter.reject(result?.reason);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#inFlight.delete(batch);
      this.#pump();
    }
  }

  /** One timer for all items: a timer per item would cost more than the item. */
  #watch(): void {
    this.timer ??= setTimeout(
      () => {
        this.timer = undefined;
        this.#rejectExpired();
        if (this.#queue.length > 0 || this.#inFlight.size > 0) this.#watch();
      },
      Math.max(10, this.options.timeoutMs / 10),
    ).unref();
  }

  #rejectExpired(): void {
    const now = Date.now();
    const expired = (waiter: Waiter<Item, Result>) => waiter.deadlineMs <= now;
    while (this.#queue[0] && expired(this.#queue[0])) this.#queue.shift()?.reject(new GroupCommitTimeout());
    for (const batch of this.#inFlight) {
      for (const waiter of batch) if (expired(waiter)) waiter.reject(new GroupCommitTimeout());
    }
  }
}
