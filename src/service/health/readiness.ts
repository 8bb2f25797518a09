import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { loggableError } from '../../errors/loggable-error.js';

/** A database that takes longer to commit is not ready. */
const CHECK_TIMEOUT_MS = 2000;

const COMMIT_PROBLEM = 'Database does not commit';

/** Whether this process can accept webhooks: it is not stopping, and the database commits. */
@Injectable()
export class Readiness implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('PostackService');
  #isServing = false;
  #lastProblem: string | undefined;

  constructor(private readonly dataSource: DataSource) {}

  onApplicationBootstrap(): void {
    this.#isServing = true;
  }

  onModuleDestroy(): void {
    this.#isServing = false;
  }

  /** The reason for not being ready, or `undefined`. Logs each change. */
  async problem(): Promise<string | undefined> {
    if (!this.#isServing) return 'Service is starting or stopping';
    const { problem, reason = problem } = await this.#databaseProblem();
    if (problem !== this.#lastProblem) {
      if (problem === undefined) this.#logger.log('Ready again');
      else this.#logger.error(`Not ready: ${reason ?? problem}`);
    }
    this.#lastProblem = problem;
    return problem;
  }

  /** `reason` is for the log only. */
  async #databaseProblem(): Promise<{ problem?: string; reason?: string }> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<{ problem: string }>((resolve) => {
      timer = setTimeout(() => {
        resolve({ problem: `Database did not respond within ${CHECK_TIMEOUT_MS} ms` });
      }, CHECK_TIMEOUT_MS);
    });
    // Assigns and commits a transaction id, which fails on a read-only replica.
    const commit = this.dataSource.query('SELECT pg_current_xact_id()').then(
      () => ({}),
      (error: unknown) => ({ problem: COMMIT_PROBLEM, reason: `${COMMIT_PROBLEM}: ${loggableError(error)}` }),
    );
    try {
      return await Promise.race([commit, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}
