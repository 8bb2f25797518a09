import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DispatchHealth } from '../../dispatch/dispatch-health.js';
import { loggableError } from '../../errors/loggable-error.js';
import { Inbox } from '../../inbox/inbox.js';

/** A database that takes longer to commit is not ready. */
const CHECK_TIMEOUT_MS = 2000;

const COMMIT_PROBLEM = 'Database does not commit';

/**
 * Whether this process can do its part: it is not stopping, it can store webhooks, and, unless it only accepts, it can
 * dispatch events, take deliveries and record their outcomes.
 */
@Injectable()
export class Readiness implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('PostackService');
  #isServing = false;
  #lastProblem: string | undefined;

  constructor(
    private readonly inbox: Inbox,
    private readonly dispatch: DispatchHealth,
  ) {}

  onApplicationBootstrap(): void {
    this.#isServing = true;
  }

  onModuleDestroy(): void {
    this.#isServing = false;
  }

  /** The reason for not being ready, or `undefined`. Logs each change. */
  async problem(): Promise<string | undefined> {
    if (!this.#isServing) return 'Service is starting or stopping';
    const { problem, reason = problem } = await this.#currentProblem();
    if (problem !== this.#lastProblem) {
      if (problem === undefined) this.#logger.log('Ready again');
      else this.#logger.error(`Not ready: ${reason ?? problem}`);
    }
    this.#lastProblem = problem;
    return problem;
  }

  /** `reason` is for the log only. */
  async #currentProblem(): Promise<{ problem?: string; reason?: string }> {
    try {
      await this.inbox.probe(CHECK_TIMEOUT_MS);
    } catch (error) {
      return { problem: COMMIT_PROBLEM, reason: `${COMMIT_PROBLEM}: ${loggableError(error)}` };
    }
    const problems = this.dispatch.problems();
    return problems.length === 0 ? {} : { problem: problems.join('; ') };
  }
}
