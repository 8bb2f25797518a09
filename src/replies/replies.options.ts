import { IsBoolean } from 'class-validator';
import { applyOptions } from '../errors/option-rules.js';
import type { MessagesOptions } from '../messages/messages.options.js';
import type { OptOutOptionsInput } from '../opt-outs/opt-outs.options.js';
import type { OutboxOptionsInput } from '../outbox/outbox.options.js';

/** Options of automatic replies. */
export class RepliesOptions {
  /** Whether the stored reply rules answer. `false` when your own `ReplyPolicy` classes do it all. Default `true`. */
  @IsBoolean({ message: '"replies.rules" must be true or false' })
  rules = true;

  constructor(given: Partial<RepliesOptions> = {}) {
    applyOptions(this, given);
  }
}

/** How messages to customers are sent and answered, and when they are not. */
export interface RepliesOptionsInput
  extends Partial<RepliesOptions>, Partial<MessagesOptions>, OutboxOptionsInput {
  /** What STOP, START and HELP do. */
  optOut?: OptOutOptionsInput;
}
