import { Injectable } from '@nestjs/common';
import type { ListenerContext } from '../listeners/listener-context.js';
import { MessageReceivedEvent } from '../events/message-received.event.js';
import { OnPostackEvent } from '../listeners/on-postack-event.decorator.js';
import { InvalidRequestError } from '../errors/request-errors.js';
import { KeywordMatcher } from '../opt-outs/keyword-matcher.js';
import { OptOutLedger } from '../opt-outs/opt-out-ledger.js';
import { Outbox } from '../outbox/outbox.js';
import { ReplyPolicies } from './reply-policies.js';
import { UnsendableAnswerError } from './unsendable-answer.js';
import { OptOutOptions } from '../opt-outs/opt-outs.options.js';

/** Name of the listener that answers by policies and rules. Without access to Postack it is switched off. */
export const AUTO_REPLIES = 'replies';

/**
 * Answers customers' messages: STOP and START with their one confirmation, everything else with what the first
 * `ReplyPolicy` says. At most one answer to an event, however often it comes.
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
    if (from === null || to === null || text === null) return;
    const answerWith = (answer: string) => ({
      from: to,
      to: from,
      text: answer,
      inReplyTo: id,
      idempotencyKey: event.idempotencyKey(context.listener),
    });
    const reply = (answer: string) => this.outbox.enqueue({ ...answerWith(answer), category: 'reply' });

    const kind = this.#keywords.classify(text)?.kind;
    // Nothing else leaves an entry that matters here.
    const evidence = kind === 'stop' || kind === 'start' ? await this.ledger.evidenceOf(event) : null;
    const isOptOut = evidence?.action === 'opt-out';
    if (evidence?.changed && (isOptOut || evidence.action === 'opt-in')) {
      const { confirmations, texts } = this.options;
      if (confirmations !== 'local') return;
      // Of an opt-in as any reply: should they say STOP again before it is sent, it is not.
      await (isOptOut ? this.outbox.confirmOptOut(answerWith(texts.stop)) : reply(texts.start));
      return;
    }
    // The word alone, too: one who said STOP gets no answer, even if the ledger has not been able to take it down.
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
