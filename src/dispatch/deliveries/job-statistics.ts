import { Injectable, Logger } from '@nestjs/common';
import { loggableError } from '../../errors/loggable-error.js';
import { PgBossService } from '../../jobs/pg-boss.service.js';
import { JobsOptions } from '../../jobs/jobs.options.js';

/** A slower fetch is probably planned with statistics from before a backlog. */
const SLOW_FETCH_MS = 100;

/** Minimum time between two ANALYZE; doubles up to `MAX_INTERVAL_MS` while fetches stay slow. */
const MIN_INTERVAL_MS = 5000;
const MAX_INTERVAL_MS = 5 * 60_000;

/**
 * Runs ANALYZE on the job table when fetches become slow. After a burst, autovacuum may take a minute to do so, and
 * until then PostgreSQL plans for a handful of jobs: each fetch sorts all of them, and workers almost stop.
 */
@Injectable()
export class JobStatistics {
  readonly #logger = new Logger('PostackJobs');
  #intervalMs = MIN_INTERVAL_MS;
  #analyzedAtMs = -Infinity;

  constructor(
    private readonly options: JobsOptions,
    private readonly jobs: PgBossService,
  ) {}

  /** Reports the duration of a fetch. Never rejects. */
  async fetched(tookMs: number): Promise<void> {
    if (tookMs < SLOW_FETCH_MS) {
      this.#intervalMs = MIN_INTERVAL_MS;
      return;
    }
    if (performance.now() - this.#analyzedAtMs < this.#intervalMs) return;
    this.#analyzedAtMs = performance.now();
    this.#intervalMs = Math.min(this.#intervalMs * 2, MAX_INTERVAL_MS);
    try {
      await this.jobs.boss.getDb().executeSql(`ANALYZE "${this.options.jobsSchema}".job_common`);
    } catch (error) {
      this.#logger.warn(
        `ANALYZE of the job table failed; retrying at the next slow job fetch: ${loggableError(error)}`,
      );
    }
  }
}
