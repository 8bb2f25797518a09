import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PostackHealthIndicator } from '../../dispatch/health-indicator.js';

/**
 * Whether this process can do its part: it is not stopping, it can store webhooks, and, unless it only accepts, it can
 * dispatch events, take deliveries and record their outcomes.
 */
@Injectable()
export class Readiness implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('PostackService');
  #isServing = false;
  #lastProblem: string | undefined;

  constructor(private readonly health: PostackHealthIndicator) {}

  onApplicationBootstrap(): void {
    this.#isServing = true;
  }

  onModuleDestroy(): void {
    this.#isServing = false;
  }

  /** The reason for not being ready, or `undefined`. Logs each change. */
  async problem(): Promise<string | undefined> {
    if (!this.#isServing) return 'Service is starting or stopping';
    const { problem, reason } = (await this.health.problem()) ?? {};
    if (problem !== this.#lastProblem) {
      if (problem === undefined) this.#logger.log('Ready again');
      else this.#logger.error(`Not ready: ${reason ?? ''}`);
    }
    this.#lastProblem = problem;
    return problem;
  }
}
