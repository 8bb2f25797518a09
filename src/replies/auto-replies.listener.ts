import { Injectable } from '@nestjs/common';
import type { ListenerContext } from '../listeners/listener-context.js';
import { MessageReceivedEvent } from '../events/message-received.event.js';
import { isTooLateToAnswer } from '../listeners/late-answer.js';
import { OnPostackEvent } from '../listeners/on-postack-event.decorator.js';
import { InvalidRequestError } from '../errors/request-errors.js';
import { KeywordMatcher } from '../opt-outs/keyword-matcher.js';
import { OptOutLedger } from '../opt-outs/opt-out-ledger.js';
import { Outbox } from '../outbox/outbox.js';
import { ReplyPolicies } from './reply-policies.js';
import { UnsendableAnswerError } from './unsendable-answer.js';
import { OptOutOptions } from '../opt-outs/opt-outs.options.js';

/** Name of the listener that answers by policies and rules. It is switched off without access to Postack. */
export const AUTO_REPLIES = 'replies';

/**
 * Answers customers' messages: STOP and START with their one confirmation, everything else with the first answer of a
 * `ReplyPolicy`. At most one answer per event, however often the event is delivered.
 */
@Injectable()
export class AutoRepliesListener {
  readonly #keywords: KeywordMatcher;

  constructor(
    private readonly outbox: Outbox,
    private readonly ledger: OptOutLedger,
    private readonly policies: ReplyPolicies,
    private readonly options: OptOutOptions,
  ) {
    this.#keywords = new KeywordMatcher(options.keywords);
  }

  /** @throws {UnsendableAnswerError} naming the policy, when its answer is empty or too long. */
  @OnPostackEvent(MessageReceivedEvent, { name: AUTO_REPLIES })
  async answer(event: MessageReceivedEvent, context: ListenerContext): Promise<void> {
    const { id, from, to, text } = event;
    // A picture without a text; or a text that is not where the mapping says: it may be STOP.
    const hasText = text !== null && text.trim() !== '';
    if (from === null || to === null || !hasText || isTooLateToAnswer(event, context)) return;
    const answerWith = (answer: string) => ({
      from: to,
      to: from,
      text: answer,
      inReplyTo: id,
      idempotencyKey: event.idempotencyKey(context.listener),
    });
    const reply = (answer: string) => this.outbox.enqueue({ ...answerWith(answer), category: 'reply' });

    const kind = this.#keywords.classify(text)?.kind;
    // Only these two have entries that are confirmed.
    const evidence = kind === 'stop' || kind === 'start' ? await this.ledger.evidenceOf(event) : null;
    const isOptOut = evidence?.action === 'opt-out';
    if (evidence?.changed && (isOptOut || evidence.action === 'opt-in')) {
      const { confirmations, texts } = this.options;
      if (confirmations !== 'local') return;
      // The confirmation of an opt-in is an ordinary reply: a STOP before it is sent holds it.
      await (isOptOut ? this.outbox.confirmOptOut(answerWith(texts.stop)) : reply(texts.start));
      return;
    }
    // STOP is never answered, even if the ledger has no entry for it.
    if (isOptOut || kind === 'stop') return;

    const answer = await this.policies.answer(event, context);
    if (!answer) return;
    try {
      await reply(answer.text);
    } catch (error) {
      if (error instanceof InvalidRequestError) throw new UnsendableAnswerError(answer.policy, error);
      throw error;
    }
  }
}
