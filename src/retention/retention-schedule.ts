import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { scheduleExclusively } from '../jobs/scheduled-job.js';
import { PgBossService } from '../jobs/pg-boss.service.js';
import { loggableError } from '../errors/loggable-error.js';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../postack.options.js';
import { Retention } from './retention.js';

/** Name of the queue, and of its schedule. */
export const RETENTION_QUEUE = 'retention';

const EVERY_TEN_MINUTES = '*/10 * * * *';

/** Has `Retention` run every ten minutes, in one process at a time. */
@Injectable()
export class RetentionSchedule implements OnApplicationBootstrap {
  readonly #logger = new Logger('PostackRetention');

  constructor(
    @Inject(POSTACK_OPTIONS) private readonly options: ResolvedPostackOptions,
    private readonly jobs: PgBossService,
    private readonly retention: Retention,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.options.role === 'accept') return;
    if (!this.options.retention) {
      await this.jobs.start();
      await this.jobs.boss.unschedule(RETENTION_QUEUE);
      return;
    }
    await scheduleExclusively(this.jobs, {
      queue: RETENTION_QUEUE,
      cron: EVERY_TEN_MINUTES,
      expireInSeconds: 15 * 60,
      run: (signal) => this.#run(signal),
    });
  }

  async #run(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.retention.run(signal);
    } catch (error) {
      this.#logger.error(`Retention failed, and is tried again in ten minutes: ${loggableError(error)}`);
      throw error;
    }
  }
}
