import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { JobsOptions } from './jobs.options.js';

/** The shutdown of the application, which all features share: they stop together, and within one time limit. */
@Injectable()
export class Shutdown {
  readonly #controller = new AbortController();
  #deadline: Promise<void> | undefined;

  constructor(private readonly options: JobsOptions) {}

  /** Aborted when the shutdown begins. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Begins the shutdown, if it has not begun yet. Resolves `shutdownTimeoutMs` after its beginning. */
  begin(): Promise<void> {
    this.#controller.abort();
    this.#deadline ??= sleep(this.options.shutdownTimeoutMs, undefined, { ref: false });
    return this.#deadline;
  }
}
