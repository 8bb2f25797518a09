import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Lets many calls run concurrently, or one alone. When a process dies during a call that ran alone, that call is to
 * blame.
 */
export class CallGate {
  #running = 0;
  #door: Promise<void> | undefined;
  #isEmpty: (() => void) | undefined;

  /** Runs a call beside others; waits while one runs alone. */
  async beside<Result>(call: () => Promise<Result>): Promise<Result> {
    while (this.#door) await this.#door;
    this.#running++;
    try {
      return await call();
    } finally {
      this.#running--;
      if (this.#running === 0) this.#isEmpty?.();
    }
  }

  /**
   * Runs `call` while nothing else runs.
   *
   * @param patienceMs How long others are kept from beginning while the running calls finish.
   * @returns `undefined`, without having called it, when they did not finish in time.
   */
  async alone<Result>(call: () => Promise<Result>, patienceMs: number): Promise<Result | undefined> {
    const { promise: door, resolve: open } = Promise.withResolvers<undefined>();
    this.#door = door;
    try {
      if (this.#running > 0 && !(await this.#empty(patienceMs))) return undefined;
      return await call();
    } finally {
      this.#door = undefined;
      open(undefined);
    }
  }

  async #empty(patienceMs: number): Promise<boolean> {
    const empty = new Promise<boolean>((resolve) => {
      this.#isEmpty = () => {
        resolve(true);
      };
    });
    const isEmpty = await Promise.race([empty, sleep(patienceMs, false, { ref: false })]);
    this.#isEmpty = undefined;
    return isEmpty;
  }
}
