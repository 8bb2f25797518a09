import { Injectable, Logger } from '@nestjs/common';
import type { JobWithMetadata } from 'pg-boss';
import type { EntityManager } from 'typeorm';
import { RETRY_FOR_A_DAY } from '../../jobs/pg-boss.service.js';
import type { Queue } from '../../jobs/queue.js';
import { Workers } from '../../jobs/workers.js';
import { loggableError } from '../../errors/loggable-error.js';
import { PostackDatabase } from '../../database/postack-database.js';
import { FailureReactions } from './failure-reactions.js';

interface FailureJob {
  /** `MessageFailureEntity.messageId`. */
  messageId: string;
}

/** Has failures reacted to that come without an event: as jobs, since events are what listeners are for. */
@Injectable()
export class FailureQueue {
  readonly #logger = new Logger('PostackFailures');
  readonly #queue: Queue<FailureJob>;

  constructor(
    private readonly database: PostackDatabase,
    private readonly reactions: FailureReactions,
    workers: Workers,
  ) {
    this.#queue = workers.queue('failures', RETRY_FOR_A_DAY);
    // As fast as messages are rejected.
    this.#queue.process((job) => this.#react(job), { concurrency: 5, pollSeconds: 0.5 });
  }

  /** @throws when it is to be tried again. */
  async #react({ data: { messageId }, retryCount, retryLimit }: JobWithMetadata<FailureJob>): Promise<void> {
    try {
      await this.database.transaction((manager) => this.reactions.react(messageId, manager));
    } catch (error) {
      const what = `Failure handling for message ${messageId}`;
      if (retryCount < retryLimit) this.#logger.warn(`${what} failed; will retry: ${loggableError(error)}`);
      else {
        this.#logger.error(
          `${what} gave up after ${retryCount + 1} attempts; manual action required: ${loggableError(error)}`,
        );
      }
      throw error;
    }
  }

  /** Has a recorded failure reacted to when the transaction commits. */
  async send(messageId: string, manager: EntityManager): Promise<void> {
    await this.#queue.send({ messageId }, { manager });
  }
}
