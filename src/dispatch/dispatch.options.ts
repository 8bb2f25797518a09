import { applyOptions, IsWhole } from '../errors/option-rules.js';

/** Options of the dispatch of stored events. */
export class DispatchOptions {
  /** Maximum number of stored events dispatched in one transaction. 1 to 5,000. Default 500. */
  @IsWhole('events', 1, 5000)
  dispatchBatchSize = 500;

  /**
   * A dispatch transaction that takes longer (a lost connection, a projection that hangs) is rolled back and retried.
   * At least 100. Default 10,000 (10 s).
   */
  @IsWhole('milliseconds', 100)
  dispatchTimeoutMs = 10_000;

  /** Interval of polling for events whose notification was missed. At least 50. Default 1,000 (1 s). */
  @IsWhole('milliseconds', 50)
  pollIntervalMs = 1000;

  /**
   * A listener or projection that no process has had for this many days is reported in the log. At least 1. Default 7.
   */
  @IsWhole('days', 1)
  absentListenerDays = 7;

  constructor(given: Partial<DispatchOptions> = {}) {
    applyOptions(this, given);
  }
}
