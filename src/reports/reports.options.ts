import { IsBoolean } from 'class-validator';
import { applyOptions } from '../errors/option-rules.js';

/** Options for reports. */
export class ReportsOptions {
  /** Whether report metrics are collected. Gaps can be backfilled later with `ReportRebuild`. Default `true`. */
  @IsBoolean({ message: '"reports" must be true or false' })
  reports = true;

  constructor(given: Partial<ReportsOptions> = {}) {
    applyOptions(this, given);
  }
}
