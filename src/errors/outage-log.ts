import type { Logger } from '@nestjs/common';
import { loggableError } from './loggable-error.js';

/** Logs the first of several failures in a row, and the recovery: two lines for an outage, whatever the retries. */
export class OutageLog {
  #failing: string | undefined;

  constructor(private readonly logger: Logger) {}

  /** @param subject What failed: `Dispatch`. */
  failure(subject: string, error: unknown): void {
    if (this.#failing === subject) return;
    this.#failing = subject;
    this.logger.warn(`${subject} failing; retrying: ${loggableError(error)}`);
  }

  recovery(): void {
    if (this.#failing === undefined) return;
    this.logger.log(`${this.#failing} recovered`);
    this.#failing = undefined;
  }
}
