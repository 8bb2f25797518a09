import { Injectable } from '@nestjs/common';
import { Workers } from '../../jobs/workers.js';
import { DeliveryReconciliation } from './delivery-reconciliation.js';

/** Runs `DeliveryReconciliation` every 10 minutes, in one process at a time. */
@Injectable()
export class DeliveryReconciliationSchedule {
  constructor(workers: Workers, reconciliation: DeliveryReconciliation) {
    workers.schedule({
      // A stored name.
      name: 'failures.reconciliation',
      formerName: 'failures.sweep',
      title: 'Delivery reconciliation',
      cron: '*/10 * * * *',
      nextRun: 'in 10 minutes',
      expireInSeconds: 900,
      run: (signal) => reconciliation.run(signal),
      logger: 'PostackFailures',
    });
  }
}
