import { Injectable } from '@nestjs/common';
import type { WebhookOutcome } from './webhook-answer.js';

/** How many requests had which outcome since this process started. For metrics; `snapshot()` to read. */
@Injectable()
export class WebhookCounters {
  readonly #counts = new Map<WebhookOutcome, number>();

  count(outcome: WebhookOutcome): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
  }

  /** Outcome → number of requests; outcomes that never happened are absent. */
  snapshot(): Partial<Record<WebhookOutcome, number>> {
    return Object.fromEntries(this.#counts);
  }
}
