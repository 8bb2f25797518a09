import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { loggableError } from '../../errors/loggable-error.js';

/** A database that answers slower than this is not ready. */
const CHECK_TIMEOUT_MS = 2000;

const COMMIT_PROBLEM = 'PostgreSQL does not commit';

/** Whether this process can take webhooks now: it is not stopping, and PostgreSQL commits. */
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

  /** `undefined` when ready; else why not. Each change is logged. */
  async problem(): Promise<string | undefined> {
    if (!this.#isServing) return 'the service is starting or stopping';
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
        resolve({ problem: `PostgreSQL did not answer within ${CHECK_TIMEOUT_MS} ms` });
      }, CHECK_TIMEOUT_MS);
    });
    // Takes a transaction id, which a read-only replica refuses, and commits it.
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
