import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { JobsOptions } from './jobs.options.js';

/** The shutdown of the application. All features stop together, within one `shutdownTimeoutMs`. */
@Injectable()
export class Shutdown {
  readonly #controller = new AbortController();
  #deadline: Promise<void> | undefined;
  #deadlineMs = Infinity;

  constructor(private readonly options: JobsOptions) {}

  /** Aborted when the shutdown begins. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Milliseconds until the deadline; `Infinity` before the shutdown begins. */
  get remainingMs(): number {
    return Math.max(0, this.#deadlineMs - performance.now());
  }

  /** Begins the shutdown, unless it has begun already. Resolves at the deadline. */
  begin(): Promise<void> {
    if (!this.#deadline) {
      const { shutdownTimeoutMs } = this.options;
      this.#deadlineMs = performance.now() + shutdownTimeoutMs;
      this.#deadline = sleep(shutdownTimeoutMs, undefined, { ref: false });
      this.#controller.abort();
    }
    return this.#deadline;
  }
}
