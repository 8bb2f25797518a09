import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isCertainlyLost, type DeliveryFact } from '../messages/delivery-state.js';
import { LOOKUP } from '../messages/message-state.js';
import { MessageStore, type MessageChange } from '../messages/message-store.js';
import { MessageEntity } from '../messages/message.entity.js';
import { phoneNumberFromEvent } from '../events/phone-number.js';
import { Suppressions } from '../suppressions/suppressions.js';
import { causeOf } from './failure-catalogue.js';
import { recordFailures, type FailureReport } from './failure-store.js';
import { FailuresOptions } from './failures.options.js';

/**
 * Keeps one record for each message that did not arrive, in the transaction that changes the message: so it says what
 * the message says, whatever the order and repetition of events, and whether an event told or Postack did when asked.
 * Changes without such messages take no statement.
 */
@Injectable()
export class FailureRecords implements OnModuleInit {
  constructor(
    private readonly options: FailuresOptions,
    private readonly messages: MessageStore,
    private readonly suppressions: Suppressions,
  ) {}

  onModuleInit(): void {
    this.messages.onChange('failures', (changes, manager) => this.#follow(changes, manager));
  }

  /**
   * Records the failure of a message that is stored already: from before failures were recorded, say. To be called in
   * a transaction of its own, since it locks the message.
   *
   * @returns whether there is one.
   */
  async recordStored(messageId: string, manager: EntityManager): Promise<boolean> {
    const message = await manager.findOne(MessageEntity, {
      where: { id: messageId },
      lock: { mode: 'pessimistic_write' },
    });
    const report = message && this.#failureOf(message);
    if (report) await recordFailures([report], manager);
    return report !== null;
  }

  async #follow(changes: readonly MessageChange[], manager: EntityManager): Promise<void> {
    const reports = changes.map((change) => this.#reportOf(change)).filter((report) => report !== null);
    if (reports.length > 0) await recordFailures(reports, manager);
    const arrived = changes.filter(
      ({ before, after }) => before && isCertainlyLost(before) && !isCertainlyLost(after),
    );
    if (arrived.length > 0) {
      await this.suppressions.lift(
        arrived.map(({ after }) => after.id),
        manager,
      );
    }
  }

  /** `null` when the message is not said to have failed, or nothing of that is new. */
  #reportOf({ before, after }: MessageChange): FailureReport | null {
    const report = this.#failureOf(after);
    if (!report) return null;
    const known = before && this.#failureOf(before);
    return JSON.stringify(known) === JSON.stringify(report) ? null : report;
  }

  /** Also of a message that is said to have arrived as well: a person should see that. */
  #failureOf({ id: messageId, history, from, to }: MessageEntity): FailureReport | null {
    const failure = latestFailure(history);
    if (!failure) return null;
    const { state, errorCode: code, at, eventId } = failure;
    const isByLookup = eventId === LOOKUP;
    return {
      ...{ messageId, state, code, causeClass: causeOf(this.options.catalogue, code).causeClass },
      ...{ source: isByLookup ? 'lookup' : 'event', eventId: isByLookup ? null : eventId },
      ...{ from: phoneNumberFromEvent(from), to: phoneNumberFromEvent(to), failedAt: new Date(at) },
    };
  }
}

type FailureFact = DeliveryFact & { state: 'failed' | 'undelivered' };

/** Of two, the one that happened later, as in `mergeFacts`. */
function latestFailure(history: readonly DeliveryFact[]): FailureFact | undefined {
  return history
    .filter((fact): fact is FailureFact => fact.state === 'failed' || fact.state === 'undelivered')
    .reduce<FailureFact | undefined>(
      (latest, fact) => (!latest || latest.at <= fact.at ? fact : latest),
      undefined,
    );
}
