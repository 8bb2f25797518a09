import { Logger } from '@nestjs/common';
import { loggableError } from '../errors/loggable-error.js';
import type { PgBossService } from './pg-boss.service.js';

/** Work that is repeated on a schedule, in one process at a time. */
export interface Schedule {
  /** Name of the schedule and of its queue. */
  name: string;
  /** For the log: `Retention`. */
  title: string;
  /** Five fields of cron, in UTC. */
  cron: string;
  /** When the next run is, for the log: `in 10 minutes`. */
  nextRun: string;
  /** More than the longest run takes. */
  expireInSeconds: number;
  run: (signal: AbortSignal | undefined) => Promise<unknown>;
  /** Name of the logger that reports a failed run. */
  logger: string;
  /** `false` removes the schedule instead, also for other processes. Default `true`. */
  isEnabled?: boolean;
}

/** A schedule of pg-boss. A run that fails is reported, and not retried: the next one is due soon. */
export class ScheduledJob {
  readonly #logger: Logger;

  constructor(
    private readonly jobs: PgBossService,
    private readonly schedule: Schedule,
  ) {
    this.#logger = new Logger(schedule.logger);
  }

  /** Called by `Workers`. */
  async start(): Promise<void> {
    const { name, cron, expireInSeconds, isEnabled = true } = this.schedule;
    await this.jobs.start();
    const { boss } = this.jobs;
    if (!isEnabled) {
      await boss.unschedule(name);
      return;
    }
    const options = {
      retryLimit: 0,
      expireInSeconds,
      // The job of a killed process blocks the next one until the process is found to be dead.
      heartbeatSeconds: 30,
      retentionSeconds: 3600,
      deleteAfterSeconds: 86_400,
    };
    await boss.createQueue(name, { ...options, policy: 'exclusive' });
    await boss.updateQueue(name, options);
    await boss.schedule(name, cron);
    await boss.work(name, { pollingIntervalSeconds: 5 }, async ([job]) => {
      await this.#run(job?.signal);
    });
  }

  async #run(signal: AbortSignal | undefined): Promise<void> {
    const { title, nextRun, run } = this.schedule;
    try {
      await run(signal);
    } catch (error) {
      this.#logger.error(`${title} failed; next run ${nextRun}: ${loggableError(error)}`);
      throw error;
    }
  }
}
