import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { scheduleExclusively } from '../../jobs/scheduled-job.js';
import { PgBossService } from '../../jobs/pg-boss.service.js';
import { loggableError } from '../../errors/loggable-error.js';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../../postack.options.js';
import { SlotMerge } from './slot-merge.js';

/** Name of the queue, and of its schedule. */
export const SLOT_MERGE_QUEUE = 'reports.merge';

/** Not with everything else that is done every hour. */
const EVERY_HOUR = '17 * * * *';

/** Has `SlotMerge` run every hour, in one process at a time. */
@Injectable()
export class SlotMergeSchedule implements OnApplicationBootstrap {
  readonly #logger = new Logger('PostackReports');

  constructor(
    @Inject(POSTACK_OPTIONS) private readonly options: ResolvedPostackOptions,
    private readonly jobs: PgBossService,
    private readonly merge: SlotMerge,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.options.role === 'accept') return;
    if (!this.options.reports) {
      await this.jobs.start();
      await this.jobs.boss.unschedule(SLOT_MERGE_QUEUE);
      return;
    }
    await scheduleExclusively(this.jobs, {
      queue: SLOT_MERGE_QUEUE,
      cron: EVERY_HOUR,
      expireInSeconds: 30 * 60,
      run: (signal) => this.#run(signal),
    });
  }

  async #run(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.merge.run(signal);
    } catch (error) {
      this.#logger.error(
        `Adding up the figures of past hours failed, tried again in an hour: ${loggableError(error)}`,
      );
      throw error;
    }
  }
}
