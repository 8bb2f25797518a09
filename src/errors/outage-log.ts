import type { Logger } from '@nestjs/common';
import { loggableError } from './loggable-error.js';

/** Logs the first of a row of outage, and the end of the row: an outage is one line, not one for each try. */
export class OutageLog {
  #fault: string | undefined;

  constructor(private readonly logger: Logger) {}

  /** It did not work, once more. */
  failure(what: string, error: unknown): void {
    if (this.#fault === what) return;
    this.#fault = what;
    this.logger.warn(`${what}, trying again until it works: ${loggableError(error)}`);
  }

  /** It works, perhaps again. */
  recovery(): void {
    if (this.#fault === undefined) return;
    this.logger.log(`Over: ${this.#fault}`);
    this.#fault = undefined;
  }
}
