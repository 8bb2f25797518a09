import { IsString } from 'class-validator';
import { applyOptions } from '../errors/option-rules.js';
import { normalizePhoneNumber } from '../events/phone-number.js';

/** Options of the messages. */
export class MessagesOptions {
  /**
   * Your own numbers, in addition to those that messages have come in on: no automatic reply is ever sent to them.
   * Default none.
   */
  @IsString({ each: true, message: '"replies.ownNumbers" must be a list of numbers, as texts' })
  ownNumbers: readonly string[] = [];

  constructor(given: Partial<MessagesOptions> = {}) {
    applyOptions(this, given);
    this.ownNumbers = this.ownNumbers.map((number) =>
      typeof number === 'string' ? normalizePhoneNumber(number) : number,
    );
  }
}
