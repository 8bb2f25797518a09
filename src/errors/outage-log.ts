import type { Logger } from '@nestjs/common';
import { loggableError } from './loggable-error.js';

/** Interval of the lines while an outage lasts. */
const REMINDER_MS = 60_000;

/** Logs the first failure of an outage, a count each minute, and the recovery, however often is retried meanwhile. */
export class OutageLog {
  #failing: string | undefined;
  #failures = 0;
  #beganAtMs = 0;
  #loggedAtMs = 0;

  constructor(
    private readonly logger: Pick<Logger, 'warn' | 'log'>,
    private readonly now = () => performance.now(),
  ) {}

  /** @param subject What failed: `Dispatch`. */
  failure(subject: string, error: unknown): void {
    const nowMs = this.now();
    if (this.#failing !== subject) {
      this.#failing = subject;
      this.#failures = 1;
      this.#beganAtMs = this.#loggedAtMs = nowMs;
      this.logger.warn(`${subject} failing; retrying: ${loggableError(error)}`);
      return;
    }
    this.#failures++;
    if (nowMs - this.#loggedAtMs < REMINDER_MS) return;
    this.#loggedAtMs = nowMs;
    this.logger.warn(
      `${subject} still failing after ${this.#seconds(nowMs)} s and ${this.#failures} failures; retrying: ` +
        loggableError(error),
    );
  }

  recovery(): void {
    if (this.#failing === undefined) return;
    this.logger.log(
      `${this.#failing} recovered after ${this.#seconds(this.now())} s and ${this.#failures} ` +
        (this.#failures === 1 ? 'failure' : 'failures'),
    );
    this.#failing = undefined;
  }

  #seconds(nowMs: number): number {
    return Math.round((nowMs - this.#beganAtMs) / 1000);
  }
}
