import { Matches, ValidateNested } from 'class-validator';
import { applyOptions, IsWhole, OptionGroup } from '../errors/option-rules.js';

/** Limits of replies and confirmations to one recipient; they stop loops between two auto-responders. */
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

/** Local times of the recipient between which solicitations wait. */
export class QuietHoursOptions extends OptionGroup {
  /** `HH:MM`. Default `21:00` (47 CFR 64.1200(c)(1)). */
  @Matches(CLOCK_TIME, CLOCK)
  from = '21:00';

  /** `HH:MM`. Default `08:00`. */
  @Matches(CLOCK_TIME, CLOCK)
  to = '08:00';
}

/** Options of sending messages. */
export class OutboxOptions {
  /** Longer messages are rejected, in segments as carriers count them. 1 to 40. Default 10. */
  @IsWhole('segments', 1, 40, 'replies.')
  maxSegments = 10;

  /** Limits of replies and confirmations to one recipient; they stop loops between two auto-responders. */
  @ValidateNested()
  loopGuard = new LoopGuardOptions();

  /** Local times of the recipient between which solicitations wait. */
  @ValidateNested()
  quietHours = new QuietHoursOptions();

  constructor(given: OutboxOptionsInput = {}) {
    applyOptions(this, given, 'replies.');
  }
}

export interface OutboxOptionsInput {
  maxSegments?: number;
  loopGuard?: Partial<LoopGuardOptions>;
  quietHours?: Partial<QuietHoursOptions>;
}
