import { Injectable } from '@nestjs/common';
import type { MessageReceivedEvent } from '../events/message-received.event.js';
import { KeywordMatcher } from '../opt-outs/keyword-matcher.js';
import { ReplyPolicy } from './reply-policy.js';
import { OptOutOptions } from '../opt-outs/opt-outs.options.js';

/** Answers HELP, unless a stored rule or a policy of the application answers. */
@Injectable()
export class HelpReply extends ReplyPolicy {
  override readonly priority = -50;
  readonly #keywords: KeywordMatcher;

  constructor(private readonly options: OptOutOptions) {
    super();
    this.#keywords = new KeywordMatcher(options.keywords);
  }

  answer({ text }: MessageReceivedEvent): string | null {
    return text !== null && this.#keywords.classify(text)?.kind === 'help' ? this.options.texts.help : null;
  }
}
