import { Injectable } from '@nestjs/common';
import type { MessageReceivedEvent } from '../../events/message-received.event.js';
import { KeywordMatcher } from '../../opt-outs/keyword-matcher.js';
import { OptOutOptions } from '../../opt-outs/opt-outs.options.js';
import { checkSmsText } from '../../outbox/sms-segments.js';
import { OutboxOptions } from '../../outbox/outbox.options.js';
import { RepliesOptions } from '../replies.options.js';
import { ReplyPolicy } from '../reply-policy.js';
import { UnsendableAnswerError } from '../unsendable-answer.js';
import { ReplyRules } from './reply-rules.js';

/** Answers by the stored rules except the default ones. */
@Injectable()
export class RuleReplies extends ReplyPolicy {
  override readonly priority: number = 0;
  protected readonly among: 'default' | 'other' = 'other';

  constructor(
    private readonly rules: ReplyRules,
    private readonly options: RepliesOptions,
    private readonly outbox: OutboxOptions,
  ) {
    super();
  }

  /** @throws {UnsendableAnswerError} naming the rule. */
  async answer({ from, to, text, messageId, occurredAt }: MessageReceivedEvent): Promise<string | null> {
    if (!this.options.rules || from === null || to === null || text === null) return null;
    const answer = await this.rules.answer({ from, to, text, messageId, at: occurredAt }, this.among);
    if (!answer) return null;
    try {
      checkSmsText(answer.text, this.outbox.maxSegments);
    } catch (error) {
      throw new UnsendableAnswerError(`the reply rule "${answer.rule.name}"`, error as Error);
    }
    return answer.text;
  }
}

/**
 * Answers by the stored default rules, after all other policies; but nothing that may ask to opt out, which a person answers.
 */
@Injectable()
export class DefaultRuleReply extends RuleReplies {
  override readonly priority = -100;
  protected override readonly among = 'default';
  readonly #keywords: KeywordMatcher;

  constructor(
    rules: ReplyRules,
    options: RepliesOptions,
    outbox: OutboxOptions,
    { keywords }: OptOutOptions,
  ) {
    super(rules, options, outbox);
    this.#keywords = new KeywordMatcher(keywords);
  }

  override async answer(event: MessageReceivedEvent): Promise<string | null> {
    return this.#keywords.classify(event.text ?? '')?.kind === 'review' ? null : super.answer(event);
  }
}
