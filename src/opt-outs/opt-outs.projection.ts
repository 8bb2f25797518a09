import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { MessageReceivedEvent } from '../events/message-received.event.js';
import { PostackProjection } from '../listeners/postack-projection.decorator.js';
import { OwnNumbers } from '../messages/own-numbers.js';
import { KeywordMatcher, type KeywordMatch } from './keyword-matcher.js';
import { phoneNumberFromEvent } from '../events/phone-number.js';
import type { OptOutAction } from './opt-out-evidence.entity.js';
import { recordEntries, type OptOutEntry } from './opt-out-record.js';
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

  @PostackProjection(MessageReceivedEvent, { name: 'opt-outs' })
  async project(events: readonly MessageReceivedEvent[], manager: EntityManager): Promise<void> {
    const numbers = events.map(({ to }) => phoneNumberFromEvent(to)).filter((number) => number !== null);
    await this.ownNumbers.learn(numbers, manager);
    const entries = events.map((event) => this.#entryOf(event)).filter((entry) => entry !== null);
    if (entries.length > 0) await recordEntries(entries, this.options.scope, manager);
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
    };
  }
}
