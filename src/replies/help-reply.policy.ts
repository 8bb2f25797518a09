import { Inject, Injectable } from '@nestjs/common';
import type { MessageReceivedEvent } from '../events/message-received.event.js';
import { KeywordMatcher } from '../opt-outs/keyword-matcher.js';
import { REPLY_OPTIONS, type ResolvedReplyOptions } from './reply-options.js';
import { ReplyPolicy } from './reply-policy.js';

/** Answers HELP, unless a stored rule or a policy of the application does. */
@Injectable()
export class HelpReply extends ReplyPolicy {
  override readonly priority = -50;
  readonly #keywords: KeywordMatcher;

  constructor(@Inject(REPLY_OPTIONS) private readonly options: ResolvedReplyOptions) {
    super();
    this.#keywords = new KeywordMatcher(options);
  }

  answer({ text }: MessageReceivedEvent): string | null {
    return text !== null && this.#keywords.classify(text)?.kind === 'help' ? this.options.helpText : null;
  }
}
