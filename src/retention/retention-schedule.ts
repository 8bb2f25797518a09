import { Injectable } from '@nestjs/common';
import { Workers } from '../jobs/workers.js';
import { Retention } from './retention.js';
import { RetentionOptions } from './retention.options.js';

/** Runs `Retention` every 10 minutes, in one process at a time. */
@Injectable()
export class RetentionSchedule {
  constructor(workers: Workers, options: RetentionOptions, retention: Retention) {
    workers.schedule({
      name: 'retention',
      title: 'Retention',
      cron: '*/10 * * * *',
      nextRun: 'in 10 minutes',
      expireInSeconds: 900,
      run: (signal) => retention.run(signal),
      logger: 'PostackRetention',
      isEnabled: options.retention !== false,
    });
  }
}
