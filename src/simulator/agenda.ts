import { setTimeout as sleep } from 'node:timers/promises';
import { BackgroundFailureError, SimulatorStoppedError } from './simulator-errors.js';

/** The background work of one local Postack: can be awaited, and stopped. */
export class Agenda {
  readonly #running = new Set<Promise<unknown>>();
  readonly #stopping = new AbortController();
  readonly #failures: unknown[] = [];

  /** @param timeScale Speed relative to real time. */
  constructor(private readonly timeScale: number) {}

  /** Aborted by `stop`. */
  get stopSignal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** A duration in real time, divided by the time scale. */
  scaled(ms: number): number {
    return ms / this.timeScale;
  }

  /** Waits for a scaled duration. @throws {SimulatorStoppedError} */
  async wait(ms: number): Promise<void> {
    await sleep(this.scaled(ms), undefined, { signal: this.stopSignal }).catch(() => {
      throw new SimulatorStoppedError();
    });
  }

  /** Runs work that `settled` waits for. @throws {SimulatorStoppedError} */
  async track<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.stopSignal.aborted) throw new SimulatorStoppedError();
    const result = work();
    this.#running.add(result);
    try {
      return await result;
    } finally {
      this.#running.delete(result);
    }
  }

  /** Runs work in the background; `settled` rejects if it fails. */
  start(work: () => Promise<unknown>): void {
    this.track(work).catch((error: unknown) => {
      if (!(error instanceof SimulatorStoppedError)) this.#failures.push(error);
    });
  }

  /** Resolves when no work is left. @throws {BackgroundFailureError} with the first failure. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    const failures = this.#failures.splice(0);
    if (failures.length > 0) throw new BackgroundFailureError(failures[0]);
  }

  /** Aborts all work, and waits for its end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}
