import { Logger } from '@nestjs/common';
import { loggableError } from '../errors/loggable-error.js';
import type { PgBossService } from './pg-boss.service.js';

/** Work that is repeated on a schedule, in one process at a time. */
export interface Schedule {
  /** Name of the schedule and of its queue. */
  name: string;
  /** Name that an older version gave the schedule; it is removed. */
  formerName?: string;
  /** Subject of the log line about a failed run: `Retention`. */
  title: string;
  /** Cron expression with five fields, in UTC. */
  cron: string;
  /** When the next run is, for the same log line: `in 10 minutes`. */
  nextRun: string;
  /** Must be longer than the longest run. */
  expireInSeconds: number;
  /** @param signal Aborted when pg-boss gives the run up. */
  run: (signal: AbortSignal | undefined) => Promise<unknown>;
  /** Logger that reports a failed run. */
  logger: string;
  /** `false` removes the schedule from the database, so for every process. Default `true`. */
  isEnabled?: boolean;
}

/** A schedule of pg-boss. A failed run is logged and not retried: the next one is due soon. */
export class ScheduledJob {
  readonly #logger: Logger;

  constructor(
    private readonly jobs: PgBossService,
    private readonly schedule: Schedule,
  ) {
    this.#logger = new Logger(schedule.logger);
  }

  /** Called by `Workers`, after pg-boss has started. */
  async start(): Promise<void> {
    const { name, formerName, cron, expireInSeconds, isEnabled = true } = this.schedule;
    const { boss } = this.jobs;
    if (formerName !== undefined) await boss.unschedule(formerName);
    if (!isEnabled) {
      await boss.unschedule(name);
      return;
    }
    const options = {
      retryLimit: 0,
      expireInSeconds,
      // The job of a killed process blocks the next run until the process counts as dead.
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

  /** Running jobs continue. Called by `Workers`. */
  async stopFetching(): Promise<void> {
    await this.jobs.boss.offWork(this.schedule.name, { wait: false });
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
