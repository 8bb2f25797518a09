import { setTimeout as sleep } from 'node:timers/promises';
import { BackgroundFailureError, SimulatorStoppedError } from './simulator-errors.js';

/** All that goes on by itself in one local Postack: so that it can be waited for, and ended. */
export class Agenda {
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #stopping = new AbortController();
  readonly #failures: unknown[] = [];

  /** @param timeScale How many times faster than real time it goes. */
  constructor(private readonly timeScale: number) {}

  /** Fires when everything has to end. */
  get stopSignal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** How long something takes here that takes `ms` in reality. */
  scaled(ms: number): number {
    return ms / this.timeScale;
  }

  /** Waits for so long, scaled. @throws {SimulatorStoppedError} */
  async wait(ms: number): Promise<void> {
    await sleep(this.scaled(ms), undefined, { signal: this.stopSignal }).catch(() => {
      throw new SimulatorStoppedError();
    });
  }

  /** Counts the work as under way until it ends. @throws {SimulatorStoppedError} */
  async track<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.stopSignal.aborted) throw new SimulatorStoppedError();
    const result = work();
    this.#underWay.add(result);
    try {
      return await result;
    } finally {
      this.#underWay.delete(result);
    }
  }

  /** Work that nobody waits for; `settled` tells when it fails. */
  start(work: () => Promise<unknown>): void {
    this.track(work).catch((error: unknown) => {
      if (!(error instanceof SimulatorStoppedError)) this.#failures.push(error);
    });
  }

  /** Resolves when nothing is under way any more. @throws {BackgroundFailureError} with the first failure. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    const failures = this.#failures.splice(0);
    if (failures.length > 0) throw new BackgroundFailureError(failures[0]);
  }

  /** Ends everything that is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }
}
