import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { OutboxDelivery, type RejectionObserver } from '../outbox/outbox-delivery.js';
import { causeOf } from './failure-catalogue.js';
import { recordFailures } from './failure-store.js';
import { FailuresOptions } from './failures.options.js';
import { FailureQueue } from './reactions/failure-queue.js';

/** Records a failure for each message that Postack rejects, in the transaction that marks it as rejected. */
@Injectable()
export class RejectedMessages {
  constructor(
    private readonly options: FailuresOptions,
    private readonly queue: FailureQueue,
    delivery: OutboxDelivery,
  ) {
    delivery.onRejected((message, error, manager) => this.#record(message, error, manager));
  }

  async #record(
    { id, from, to }: Parameters<RejectionObserver>[0],
    error: Parameters<RejectionObserver>[1],
    manager: EntityManager,
  ): Promise<void> {
    const { catalogue } = this.options;
    const kind = error.code.replace('POSTACK_API_', '').toLowerCase();
    const codes = [error.apiCode, kind].filter((code) => code !== null);
    // Postack's own code, unless the catalogue contains only the kind of error.
    const code = codes.find((one) => Object.hasOwn(catalogue, one)) ?? error.apiCode ?? kind;
    const report = {
      ...({ messageId: id, state: 'rejected', source: 'rejection' } as const),
      ...{ code, causeClass: causeOf(catalogue, code).causeClass },
      ...{ from, to, failedAt: new Date(error.at), eventId: null },
    };
    await recordFailures([report], manager);
    await this.queue.send(id, manager);
  }
}
