import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { MessageReceivedEvent } from '../events/message-received.event.js';
import { PostackProjection, type Reinterpretation } from '../listeners/postack-projection.decorator.js';
import { OwnNumbers } from '../messages/own-numbers.js';
import { KeywordMatcher, type KeywordMatch } from './keyword-matcher.js';
import { phoneNumberFromEvent } from '../events/phone-number.js';
import type { OptOutAction } from './opt-out-evidence.entity.js';
import { laterOptIns } from './later-opt-ins.js';
import { recordEntries, type OptOutEntry } from './opt-out-record.js';
import { withdrawEntries } from './opt-out-withdrawal.js';
import { OptOutOptions } from './opt-outs.options.js';

/** A message opts out or in, but its event has no sender. */
export class OptOutSenderMissingError extends Error {
  readonly code = 'POSTACK_OPT_OUT_SENDER_MISSING';
  override readonly name = 'OptOutSenderMissingError';

  constructor(eventId: string) {
    super(
      `Event ${eventId} opts out or in, but has no sender. If Postack sends the number in another field, set the ` +
        'option "payload.from" to its path; the next retry of this event then records it',
    );
  }
}

const ACTIONS: Record<KeywordMatch['kind'], OptOutAction | null> = {
  stop: 'opt-out',
  start: 'opt-in',
  review: 'review',
  help: null,
};

/**
 * Maintains the opt-out ledger and learns the own numbers, which are the recipients of received messages.
 *
 * An opt-in whose event arrives before that of the opt-out preceding it is not recorded: the customer stays opted out
 * until they send START again.
 */
@Injectable()
export class OptOutsProjection {
  readonly #matcher: KeywordMatcher;

  constructor(
    private readonly options: OptOutOptions,
    private readonly ownNumbers: OwnNumbers,
  ) {
    this.#matcher = new KeywordMatcher(options.keywords);
  }

  @PostackProjection(MessageReceivedEvent, { name: 'opt-outs', reinterprets: true })
  async project(
    events: readonly MessageReceivedEvent[],
    manager: EntityManager,
    again?: Reinterpretation<MessageReceivedEvent>,
  ): Promise<void> {
    const numbers = events.map(({ to }) => phoneNumberFromEvent(to)).filter((number) => number !== null);
    await this.ownNumbers.learn(numbers, manager);
    const entries = events.map((event) => this.#entryOf(event)).filter((entry) => entry !== null);
    const added = again ? await this.#withdraw(again.formerly, entries, manager) : entries;
    if (added.length > 0) await recordEntries(added, this.options.scope, manager);
  }

  /** Removes what former readings recorded and the new ones do not. Resolves to what is to be recorded instead. */
  async #withdraw(
    formerly: readonly MessageReceivedEvent[],
    entries: readonly OptOutEntry[],
    manager: EntityManager,
  ): Promise<OptOutEntry[]> {
    const recorded = formerly.map((event) => this.#recordedBy(event)).filter((entry) => entry !== null);
    const keys = (list: readonly OptOutEntry[]) => new Set(list.map((entry) => JSON.stringify(entry)));
    const [before, now] = [keys(recorded), keys(entries)];
    const wrong = recorded.filter((entry) => !now.has(JSON.stringify(entry)));
    if (wrong.length > 0) await withdrawEntries(wrong, manager);
    const added = entries.filter((entry) => !before.has(JSON.stringify(entry)));
    const optOuts = added.filter(({ action }) => action === 'opt-out');
    if (optOuts.length === 0) return added;
    const ownNumbers = await this.ownNumbers.all(manager);
    return [...added, ...(await laterOptIns(optOuts, ownNumbers, this.#matcher, manager))];
  }

  /** What a former reading has recorded: nothing if it had no sender. */
  #recordedBy(event: MessageReceivedEvent): OptOutEntry | null {
    return phoneNumberFromEvent(event.from) === null ? null : this.#entryOf(event);
  }

  /** @throws {OptOutSenderMissingError} */
  #entryOf(event: MessageReceivedEvent): OptOutEntry | null {
    const match = this.#matcher.classify(event.text ?? '');
    const action = match && ACTIONS[match.kind];
    if (!match || !action) return null;
    const peer = phoneNumberFromEvent(event.from);
    if (peer === null) throw new OptOutSenderMissingError(event.id);
    return {
      peer,
      ownNumber: phoneNumberFromEvent(event.to),
      action,
      source: 'message',
      keyword: match.kind === 'review' ? match.phrase : match.keyword,
      endpoint: event.endpoint,
      eventId: event.id,
      reason: null,
      // An opt-out or opt-in from the future would supersede all that follow until then.
      occurredAt: event.occurredAt < event.receivedAt ? event.occurredAt : event.receivedAt,
      receivedAt: event.receivedAt,
    };
  }
}
