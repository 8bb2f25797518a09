import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { OutboxMessageEntity } from '../outbox/outbox-message.entity.js';
import type { RejectionSink } from '../outbox/rejection-sink.js';
import type { SendError } from '../outbox/send-error.js';
import { causeOf } from './failure-catalogue.js';
import { FAILURE_OPTIONS, type ResolvedFailureOptions } from './failure-options.js';
import { FailureQueue } from './reactions/failure-queue.js';
import { recordFailures } from './failure-store.js';

/** Messages that Postack has rejected are failures too, recorded in the transaction that marks them as rejected. */
@Injectable()
export class RejectedMessages implements RejectionSink {
  constructor(
    @Inject(FAILURE_OPTIONS) private readonly options: ResolvedFailureOptions,
    private readonly queue: FailureQueue,
  ) {}

  async rejected(
    { id, from, to }: Pick<OutboxMessageEntity, 'id' | 'from' | 'to'>,
    failure: SendError,
    manager: EntityManager,
  ): Promise<void> {
    const { catalogue } = this.options;
    const kind = failure.code.replace('POSTACK_API_', '').toLowerCase();
    const codes = [failure.apiCode, kind].filter((code) => code !== null);
    // Postack's own code, unless only the kind of error is known.
    const code = codes.find((one) => Object.hasOwn(catalogue, one)) ?? failure.apiCode ?? kind;
    const report = {
      ...({ messageId: id, state: 'rejected', source: 'rejection' } as const),
      ...{ code, causeClass: causeOf(catalogue, code).causeClass },
      ...{ from, to, failedAt: new Date(failure.at), eventId: null },
    };
    await recordFailures([report], manager);
    await this.queue.send(id, manager);
  }
}
