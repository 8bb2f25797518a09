import { Matches, ValidateNested } from 'class-validator';
import { applyOptions, IsWhole, OptionGroup } from '../errors/option-rules.js';

/** Limits on replies and confirmations to one recipient, which stop loops between two auto-responders. */
export class LoopGuardOptions extends OptionGroup {
  /** Replies and confirmations within 10 minutes. 1 to 10,000. Default 5. */
  @IsWhole('messages', 1, 10_000, 'replies.loopGuard.')
  perTenMinutes = 5;

  /** Replies and confirmations within 24 hours. 1 to 10,000. Default 30. */
  @IsWhole('messages', 1, 10_000, 'replies.loopGuard.')
  perDay = 30;

  /** Replies and confirmations of the same text within 10 minutes. 1 to 10,000. Default 3. */
  @IsWhole('messages', 1, 10_000, 'replies.loopGuard.')
  identicalTexts = 3;
}

/** A time of day, `HH:MM`. */
export const CLOCK_TIME = /^(?:[01]\d|2[0-3]):[0-5]\d$/;

const CLOCK = { message: '"replies.quietHours.$property" must be a time of day, like 08:00' };

/** Solicitations are deferred between these local times of the recipient. */
export class QuietHoursOptions extends OptionGroup {
  /** First quiet minute, `HH:MM`. Default `21:00` (47 CFR 64.1200(c)(1)). */
  @Matches(CLOCK_TIME, CLOCK)
  from = '21:00';

  /** First minute after the quiet hours, `HH:MM`; the same as `from` switches them off. Default `08:00`. */
  @Matches(CLOCK_TIME, CLOCK)
  to = '08:00';
}

/** Options for sending messages. */
export class OutboxOptions {
  /** Longest message to send, in segments as carriers count them. Longer ones are rejected. 1 to 40. Default 10. */
  @IsWhole('segments', 1, 40, 'replies.')
  maxSegments = 10;

  /** Limits on replies and confirmations to one recipient, which stop loops between two auto-responders. */
  @ValidateNested()
  loopGuard = new LoopGuardOptions();

  /** Solicitations are deferred between these local times of the recipient. */
  @ValidateNested()
  quietHours = new QuietHoursOptions();

  constructor(given: OutboxOptionsInput = {}) {
    applyOptions(this, given, 'replies.');
  }
}

export interface OutboxOptionsInput extends Partial<Omit<OutboxOptions, 'loopGuard' | 'quietHours'>> {
  loopGuard?: Partial<LoopGuardOptions>;
  quietHours?: Partial<QuietHoursOptions>;
}
