import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isCertainlyLost, type DeliveryFact } from '../messages/delivery-state.js';
import { LOOKUP } from '../messages/message-state.js';
import { MessageStore, type MessageChange } from '../messages/message-store.js';
import { MessageEntity } from '../messages/message.entity.js';
import { phoneNumberFromEvent } from '../events/phone-number.js';
import { liftReachable } from '../suppressions/suppression-record.js';
import { Suppressions } from '../suppressions/suppressions.js';
import { causeOf } from './failure-catalogue.js';
import { FailurePolicies } from './reactions/failure-policies.js';
import { recordFailures, removeFailures, type FailureReport } from './failure-store.js';
import { FailuresOptions } from './failures.options.js';

/**
 * Keeps one record for each message that did not arrive, in the transaction that changes the message. The record is
 * derived from the message, so it does not depend on the order or repetition of events, or on whether an event or a
 * lookup reported the failure. A number that has written, or received a message, is not suppressed any longer.
 */
@Injectable()
export class FailureRecords implements OnModuleInit {
  constructor(
    private readonly options: FailuresOptions,
    private readonly messages: MessageStore,
    private readonly suppressions: Suppressions,
    private readonly policies: FailurePolicies,
  ) {}

  onModuleInit(): void {
    this.messages.onChange((changes, manager) => this.#recordChanges(changes, manager));
  }

  /**
   * Records the failure of a stored message, for example one from before failures were recorded. Needs a transaction
   * of its own, because it locks the message.
   *
   * @returns whether the message has failed.
   */
  async recordStored(messageId: string, manager: EntityManager): Promise<boolean> {
    const message = await manager
      .createQueryBuilder(MessageEntity, 'message')
      .addSelect('message.reports')
      .where('message.id = :messageId', { messageId })
      .setLock('pessimistic_write')
      .getOne();
    const report = message && this.#reportOf(message);
    if (report) await recordFailures([report], manager);
    return report !== null;
  }

  async #recordChanges(changes: readonly MessageChange[], manager: EntityManager): Promise<void> {
    const reports = changes.map((change) => this.#newReportOf(change)).filter((report) => report !== null);
    if (reports.length > 0) await recordFailures(reports, manager);
    const notLost = changes.flatMap(({ before, after }) =>
      before && isCertainlyLost(before) && !(after && isCertainlyLost(after) && after.to === before.to)
        ? before.id
        : [],
    );
    if (notLost.length > 0) await this.suppressions.lift(notLost, manager);
    const withdrawn = changes.flatMap(({ before, after }) =>
      before && latestFailure(before.history) && !(after && latestFailure(after.history)) ? before.id : [],
    );
    if (withdrawn.length > 0) await removeFailures(withdrawn, manager);
    const reachable = changes.map(reachableBy).filter((one) => one !== null);
    if (reachable.length > 0) await liftReachable(reachable, manager);
  }

  /** `null` if the message has not failed, or its failure did not change. */
  #newReportOf({ before, after }: MessageChange): FailureReport | null {
    const report = after && this.#reportOf(after);
    if (!report) return null;
    const known = before && this.#reportOf(before);
    return JSON.stringify(known) === JSON.stringify(report) ? null : report;
  }

  /** Of several reports, the latest code by which the message fails for good; else the latest one. */
  #decidingCode(reports: readonly DeliveryFact[]): string | null {
    const codes = reports.flatMap(({ errorCode }) => errorCode ?? []);
    const isFinal = (code: string) => !causeOf(this.options.catalogue, code).isRetryable;
    return codes.findLast(isFinal) ?? codes.at(-1) ?? null;
  }

  /** A contradictory message (also reported as delivered) counts as failed: an operator should see it. */
  #reportOf({ id: messageId, history, reports, from, to }: MessageEntity): FailureReport | null {
    const failure = latestFailure(history);
    if (!failure) return null;
    const { state, at, eventId } = failure;
    const code = this.#decidingCode((reports ?? history).filter((fact) => fact.state === state));
    const isByLookup = eventId === LOOKUP;
    const { causeClass } = causeOf(this.options.catalogue, code);
    return {
      ...{ messageId, state, code, causeClass },
      ...{ source: isByLookup ? 'lookup' : 'event', eventId: isByLookup ? null : eventId },
      ...{ from: phoneNumberFromEvent(from), to: phoneNumberFromEvent(to), failedAt: new Date(at) },
      isSettled: !isByLookup && this.policies.decideNothing({ code, causeClass }),
    };
  }
}

/** The customer's number, if the message has just come from there, or arrived there. */
function reachableBy({ before, after }: MessageChange): { number: string; at: Date } | null {
  if (!after) return null;
  const { direction, from, to, state, firstEventAt, stateAt } = after;
  const isNew =
    direction === 'inbound'
      ? before?.from !== from
      : hasArrived(state) && !(before && hasArrived(before.state));
  const number = isNew ? phoneNumberFromEvent(direction === 'inbound' ? from : to) : null;
  return number === null ? null : { number, at: direction === 'inbound' ? firstEventAt : stateAt };
}

function hasArrived(state: MessageEntity['state']): boolean {
  return state === 'delivered' || state === 'read';
}

type FailureFact = DeliveryFact & { state: 'failed' | 'undelivered' };

/** The failure that happened last, as in `mergeFacts`. */
function latestFailure(history: readonly DeliveryFact[]): FailureFact | undefined {
  return history
    .filter((fact): fact is FailureFact => fact.state === 'failed' || fact.state === 'undelivered')
    .reduce<FailureFact | undefined>(
      (latest, fact) => (!latest || latest.at <= fact.at ? fact : latest),
      undefined,
    );
}
