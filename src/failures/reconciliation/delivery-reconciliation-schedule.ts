import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { scheduleExclusively } from '../../jobs/scheduled-job.js';
import { PgBossService } from '../../jobs/pg-boss.service.js';
import { loggableError } from '../../errors/loggable-error.js';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../../postack.options.js';
import { DeliveryReconciliation } from './delivery-reconciliation.js';

/** Name of the queue, and of its schedule. */
export const RECEIPT_SWEEP_QUEUE = 'failures.sweep';

const EVERY_TEN_MINUTES = '*/10 * * * *';

/** Has `DeliveryReconciliation` run every ten minutes, in one process at a time. */
@Injectable()
export class DeliveryReconciliationSchedule implements OnApplicationBootstrap {
  readonly #logger = new Logger('PostackFailures');

  constructor(
    @Inject(POSTACK_OPTIONS) private readonly options: ResolvedPostackOptions,
    private readonly jobs: PgBossService,
    private readonly sweep: DeliveryReconciliation,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.options.role === 'accept') return;
    await scheduleExclusively(this.jobs, {
      queue: RECEIPT_SWEEP_QUEUE,
      cron: EVERY_TEN_MINUTES,
      expireInSeconds: 15 * 60,
      run: (signal) => this.#run(signal),
    });
  }

  async #run(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.sweep.run(signal);
    } catch (error) {
      this.#logger.error(
        `Looking after missing receipts failed, tried again in ten minutes: ${loggableError(error)}`,
      );
      throw error;
    }
  }
}
