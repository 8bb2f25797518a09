import { Injectable } from '@nestjs/common';
import { Workers } from '../../jobs/workers.js';
import { ReportsOptions } from '../reports.options.js';
import { SlotMerge } from './slot-merge.js';

/** Runs `SlotMerge` every hour, in one process at a time. */
@Injectable()
export class SlotMergeSchedule {
  constructor(workers: Workers, options: ReportsOptions, merge: SlotMerge) {
    workers.schedule({
      name: 'reports.merge',
      title: 'Report compaction',
      // Not at the same minute as everything else that runs hourly.
      cron: '17 * * * *',
      nextRun: 'in 1 hour',
      expireInSeconds: 1800,
      run: (signal) => merge.run(signal),
      logger: 'PostackReports',
      isEnabled: options.reports,
    });
  }
}
