import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { JobWithMetadata } from 'pg-boss';
import type { DataSource, EntityManager } from 'typeorm';
import { PgBossService, TRIED_FOR_A_DAY } from '../../jobs/pg-boss.service.js';
import { onceSuccessful } from '../../jobs/once-successful.js';
import { loggableError } from '../../errors/loggable-error.js';
import { POSTACK_DATA_SOURCE } from '../../database/data-source.js';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../../postack.options.js';
import { FailureReactions } from './failure-reactions.js';

/** Queue of failures that no event tells of, and that have to be reacted to all the same. */
export const FAILURES_QUEUE = 'failures';

interface FailureJob {
  /** `MessageFailureEntity.messageId`. */
  messageId: string;
}

/** Has failures reacted to that come without an event: as jobs, since events are what listeners are for. */
@Injectable()
export class FailureQueue implements OnApplicationBootstrap {
  readonly #logger = new Logger('PostackFailures');

  constructor(
    @Inject(POSTACK_OPTIONS) private readonly options: ResolvedPostackOptions,
    @Inject(POSTACK_DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly jobs: PgBossService,
    private readonly reactions: FailureReactions,
  ) {}

  readonly #prepare = onceSuccessful(async () => {
    await this.jobs.start();
    await this.jobs.boss.createQueue(FAILURES_QUEUE, TRIED_FOR_A_DAY);
  });

  async onApplicationBootstrap(): Promise<void> {
    if (this.options.role === 'accept') return;
    await this.#prepare();
    await this.jobs.boss.work(
      FAILURES_QUEUE,
      // As fast as messages are rejected.
      { pollingIntervalSeconds: 0.5, localConcurrency: 5, includeMetadata: true },
      async ([job]: JobWithMetadata<FailureJob>[]) => {
        if (job) await this.#react(job);
      },
    );
  }

  /** @throws when it is to be tried again. */
  async #react({ data: { messageId }, retryCount, retryLimit }: JobWithMetadata<FailureJob>): Promise<void> {
    try {
      await this.dataSource.transaction((manager) => this.reactions.react(messageId, manager));
    } catch (error) {
      const what = `Nothing could be done about the failure of message ${messageId}`;
      if (retryCount < retryLimit) this.#logger.warn(`${what}, and is tried again: ${loggableError(error)}`);
      else this.#logger.error(`${what}, and a person has to: ${loggableError(error)}`);
      throw error;
    }
  }

  /** Has a recorded failure reacted to when the transaction commits. */
  async send(messageId: string, manager: EntityManager): Promise<void> {
    await this.#prepare();
    const data: FailureJob = { messageId };
    await this.jobs.boss.insert(FAILURES_QUEUE, [{ data }], { db: this.jobs.within(manager) });
  }
}
