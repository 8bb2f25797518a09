import { Injectable, Logger } from '@nestjs/common';
import { loggableError } from '../../errors/loggable-error.js';
import { PgBossService } from '../../jobs/pg-boss.service.js';
import { JobsOptions } from '../../jobs/jobs.options.js';

/** A fetch that takes longer is probably planned by statistics from before the backlog. */
const SLOW_FETCH_MS = 100;

/** The statistics are renewed no more often; while that does not help, less and less often. */
const FIRST_INTERVAL_MS = 5000;
const LONGEST_INTERVAL_MS = 5 * 60_000;

/**
 * Keeps the planner informed of the job table. After a burst, autovacuum may take a minute to look at it, and until
 * then PostgreSQL plans for a handful of jobs: each fetch sorts all of them, and a worker all but stands still.
 */
@Injectable()
export class JobStatistics {
  readonly #logger = new Logger('PostackJobs');
  #intervalMs = FIRST_INTERVAL_MS;
  #renewedAt = -Infinity;

  constructor(
    private readonly options: JobsOptions,
    private readonly jobs: PgBossService,
  ) {}

  /** A fetch took so long. */
  async fetched(tookMs: number): Promise<void> {
    if (tookMs < SLOW_FETCH_MS) {
      this.#intervalMs = FIRST_INTERVAL_MS;
      return;
    }
    if (performance.now() - this.#renewedAt < this.#intervalMs) return;
    this.#renewedAt = performance.now();
    this.#intervalMs = Math.min(this.#intervalMs * 2, LONGEST_INTERVAL_MS);
    try {
      await this.jobs.boss.getDb().executeSql(`ANALYZE "${this.options.jobsSchema}".job_common`);
    } catch (error) {
      this.#logger.warn(`The statistics of the job table could not be renewed: ${loggableError(error)}`);
    }
  }
}
