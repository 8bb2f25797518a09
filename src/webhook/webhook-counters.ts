import { Injectable } from '@nestjs/common';
import type { WebhookOutcome } from './webhook-answer.js';

/** Counts webhook requests by outcome since the process started, for metrics. */
@Injectable()
export class WebhookCounters {
  readonly #counts = new Map<WebhookOutcome, number>();

  count(outcome: WebhookOutcome): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
  }

  /** Outcome → number of requests; outcomes without requests are absent. */
  snapshot(): Partial<Record<WebhookOutcome, number>> {
    return Object.fromEntries(this.#counts);
  }
}
