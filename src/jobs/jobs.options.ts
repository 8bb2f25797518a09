import { IsIn, Matches } from 'class-validator';
import { applyOptions, IsWhole } from '../errors/option-rules.js';

/** What a process does: `accept` only receives webhooks, `work` only dispatches and runs jobs, `all` does both. */
export type PostackRole = 'all' | 'accept' | 'work';

/** Options of a process's role and of its job queues. */
export class JobsOptions {
  /** What this process does. `all`, `accept` or `work`. Default `all`. */
  @IsIn(['all', 'accept', 'work'], { message: '"role" must be all, accept or work' })
  role: PostackRole = 'all';

  /**
   * Maximum time that a shutdown waits for running listeners, jobs and requests; then it closes the connections of its
   * clients. At least 0. Default 25,000 (25 s).
   */
  @IsWhole('milliseconds', 0)
  shutdownTimeoutMs = 25_000;

  /** PostgreSQL schema of the job queues, managed by pg-boss. Default `postack_jobs`. */
  @Matches(/^[a-z_][a-z0-9_]{0,49}$/, {
    message: '"jobsSchema" must be a lower-case SQL name of at most 50 characters',
  })
  jobsSchema = 'postack_jobs';

  /** Database connections for the job queues, in addition to the data source's own. At least 2. Default 4. */
  @IsWhole('connections', 2)
  jobsPoolSize = 4;

  /**
   * A process whose heartbeat PostgreSQL has not seen for this long counts as dead, and others take over its deliveries.
   * At least 1,000. Default 15,000 (15 s).
   */
  @IsWhole('milliseconds', 1000)
  workerTimeoutMs = 15_000;

  constructor(given: JobsOptionsInput = {}) {
    applyOptions(this, given);
  }

  /** Whether this process receives webhooks. */
  get accepts(): boolean {
    return this.role !== 'work';
  }

  /** Whether this process dispatches events, calls listeners and runs jobs. */
  get works(): boolean {
    return this.role !== 'accept';
  }
}

export type JobsOptionsInput = Partial<Omit<JobsOptions, 'accepts' | 'works'>>;
