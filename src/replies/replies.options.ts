import { IsBoolean } from 'class-validator';
import { applyOptions } from '../errors/option-rules.js';
import type { MessagesOptions } from '../messages/messages.options.js';
import type { OptOutOptionsInput } from '../opt-outs/opt-outs.options.js';
import type { OutboxOptionsInput } from '../outbox/outbox.options.js';

/** Options for automatic replies. */
export class RepliesOptions {
  /** Whether the stored reply rules answer. Set `false` to answer by your own `ReplyPolicy` classes only. Default `true`. */
  @IsBoolean({ message: '"replies.rules" must be true or false' })
  rules = true;

  constructor(given: Partial<RepliesOptions> = {}) {
    applyOptions(this, given);
  }
}

/** Options for messages to customers: automatic replies, send rules and opt-outs. */
export interface RepliesOptionsInput
  extends Partial<RepliesOptions>, Partial<MessagesOptions>, OutboxOptionsInput {
  /** Options for STOP, START and HELP. */
  optOut?: OptOutOptionsInput;
}
