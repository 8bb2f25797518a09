import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { JobQueue } from '../dispatch/lanes/job-queue.js';
import { loggableError } from '../loggable-error.js';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../postack.options.js';
import { Retention } from './retention.js';

/** Name of the queue, and of its schedule. */
export const RETENTION_QUEUE = 'retention';

const EVERY_TEN_MINUTES = '*/10 * * * *';

const QUEUE_OPTIONS = {
  // What fails is due again in ten minutes anyway.
  retryLimit: 0,
  // More than the longest run.
  expireInSeconds: 15 * 60,
  // The job of a killed process stands in the way of the next one until it is found to be dead.
  heartbeatSeconds: 30,
  retentionSeconds: 3600,
  deleteAfterSeconds: 86_400,
};

/** Has `Retention` run every ten minutes, in one process at a time. */
@Injectable()
export class RetentionSchedule implements OnApplicationBootstrap {
  readonly #logger = new Logger('PostackRetention');

  constructor(
    @Inject(POSTACK_OPTIONS) private readonly options: ResolvedPostackOptions,
    private readonly jobs: JobQueue,
    private readonly retention: Retention,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.options.role === 'accept') return;
    await this.jobs.start();
    const { boss } = this.jobs;
    if (!this.options.retention) {
      await boss.unschedule(RETENTION_QUEUE);
      return;
    }
    await boss.createQueue(RETENTION_QUEUE, { ...QUEUE_OPTIONS, policy: 'exclusive' });
    await boss.updateQueue(RETENTION_QUEUE, QUEUE_OPTIONS);
    await boss.schedule(RETENTION_QUEUE, EVERY_TEN_MINUTES);
    await boss.work(RETENTION_QUEUE, { pollingIntervalSeconds: 5 }, async ([job]) => {
      await this.#run(job?.signal);
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
