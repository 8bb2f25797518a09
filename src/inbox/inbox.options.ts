import { IsNotEmpty, IsString } from 'class-validator';
import { applyOptions, IsWhole } from '../errors/option-rules.js';

/** Options of storing events. */
export class InboxOptions {
  /** Name of this endpoint. An event is identified by endpoint and `svix-id`. Default `default`. */
  @IsString({ message: '"endpoint" must be a string' })
  @IsNotEmpty({ message: '"endpoint" must not be empty' })
  endpoint = 'default';

  /**
   * An event that cannot be committed by then is rejected with 503, and Postack sends it again. At least 100. Default
   * 10,000 (10 s).
   */
  @IsWhole('milliseconds', 100)
  commitTimeoutMs = 10_000;

  /** Once this many events are waiting to be committed, further requests get 503. At least 1. Default 5,000. */
  @IsWhole('events', 1)
  maxPendingWrites = 5000;

  constructor(given: Partial<InboxOptions> = {}) {
    applyOptions(this, given);
  }
}
