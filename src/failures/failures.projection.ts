import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { MessageFailedEvent } from '../events/message-failed.event.js';
import { MessageUndeliveredEvent } from '../events/message-undelivered.event.js';
import { canonicalNumber } from '../events/phone-number.js';
import { PostackProjection } from '../events/postack-projection.decorator.js';
import { MissingMessageIdError } from '../messages/message-state.js';
import { causeOf } from './failure-catalogue.js';
import { FAILURE_OPTIONS, type ResolvedFailureOptions } from './failure-options.js';
import { recordFailures, type FailureReport } from './failure-record.js';

/** Keeps one record for each message that did not arrive. Batches without such events take no statement. */
@Injectable()
export class FailuresProjection {
  constructor(@Inject(FAILURE_OPTIONS) private readonly options: ResolvedFailureOptions) {}

  @PostackProjection([MessageUndeliveredEvent, MessageFailedEvent], { name: 'failures' })
  async project(
    events: readonly (MessageUndeliveredEvent | MessageFailedEvent)[],
    manager: EntityManager,
  ): Promise<void> {
    await recordFailures(
      events.map((event) => this.#reportOf(event)),
      manager,
    );
  }

  /** @throws {MissingMessageIdError} */
  #reportOf(event: MessageUndeliveredEvent | MessageFailedEvent): FailureReport {
    const { messageId, errorCode: code, from, to } = event;
    if (messageId === null) throw new MissingMessageIdError(event.id);
    return {
      messageId,
      state: event instanceof MessageFailedEvent ? 'failed' : 'undelivered',
      source: 'event',
      code,
      causeClass: causeOf(this.options.catalogue, code).causeClass,
      from: from === null ? null : canonicalNumber(from),
      to: to === null ? null : canonicalNumber(to),
      failedAt: event.occurredAt,
      eventId: event.id,
    };
  }
}
