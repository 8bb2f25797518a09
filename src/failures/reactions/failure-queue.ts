import { Injectable, Logger } from '@nestjs/common';
import type { Job } from '../../jobs/queue.js';
import type { EntityManager } from 'typeorm';
import { RETRY_FOR_A_DAY } from '../../jobs/pg-boss.service.js';
import type { Queue } from '../../jobs/queue.js';
import { Workers } from '../../jobs/workers.js';
import { loggableError } from '../../errors/loggable-error.js';
import { FailureReactions } from './failure-reactions.js';

interface FailureJob {
  /** `MessageFailureEntity.messageId`. */
  messageId: string;
}

/** Jobs that react to failures reported without an event, which no listener sees. */
@Injectable()
export class FailureQueue {
  readonly #logger = new Logger('PostackFailures');
  readonly #queue: Queue<FailureJob>;

  constructor(
    private readonly reactions: FailureReactions,
    workers: Workers,
  ) {
    this.#queue = workers.queue('failures', { ...RETRY_FOR_A_DAY, notify: true });
    // Fast enough to keep up with rejected messages.
    this.#queue.process((job) => this.#react(job), {
      ...{ concurrency: 5, pollSeconds: 0.5, pollSecondsWithNotify: 5 },
    });
  }

  /** @throws to have the job retried. */
  async #react({ data: { messageId }, retryCount, retryLimit }: Job<FailureJob>): Promise<void> {
    try {
      await this.reactions.react(messageId);
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

  /** Enqueues the reaction to a recorded failure; runs after the transaction of `manager` commits. */
  async send(messageId: string, manager: EntityManager): Promise<void> {
    await this.#queue.send({ messageId }, { manager });
  }
}
