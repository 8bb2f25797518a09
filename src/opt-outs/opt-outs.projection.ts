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

/** Somebody opts out, and the event does not tell who. */
export class OptOutSenderMissingError extends Error {
  readonly code = 'POSTACK_OPT_OUT_SENDER_MISSING';
  override readonly name = 'OptOutSenderMissingError';

  constructor(eventId: string) {
    super(
      `Event ${eventId} opts somebody out or in, and does not tell whom. If Postack sends the number under another ` +
        'name, set the option "payload.from" to its path; this event is then recorded when it is tried again.',
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
 * Keeps the ledger of opt-outs, and learns the own numbers: whatever a message came in on is ours.
 *
 * An opt-in that comes in before the opt-out that it follows is not recorded: such a peer stays opted out, until one
 * of them says START again.
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
      // A time to come would outweigh whatever is said until then.
      occurredAt: event.occurredAt < event.receivedAt ? event.occurredAt : event.receivedAt,
    };
  }
}
