import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Shutdown } from '../jobs/shutdown.js';
import { maskPhoneNumber } from '../events/phone-number.js';
import { loggableError } from '../errors/loggable-error.js';
import { PostackApiOptions } from '../postack-api/postack-api.options.js';
import { PostackApiError } from '../postack-api/postack-api-errors.js';
import { PostackClient, type PostackMessage } from '../postack-api/postack-client.js';
import { OutboxDelivery, NotToBeSentError } from './outbox-delivery.js';
import type { OutboxMessageEntity } from './outbox-message.entity.js';
import { OutboxQueue, type OutboxJob, type OutboxPriority } from './outbox-queue.js';

/**
 * Messages of one priority that a process works on at once: more than ten a second go through two priorities also when Postack
 * takes a second to answer.
 */
const CONCURRENCY = 6;

/**
 * How often to look for messages that nobody announces, in seconds: retries that have become due. While NOTIFY works
 * (the second value), new ones are announced.
 */
const POLL_SECONDS = 1;
const BACKSTOP_POLL_SECONDS = 5;

/** This process stops; the message is sent by another one, or after the next start. */
class StoppingError extends Error {
  override readonly name = 'StoppingError';
}

/** Takes messages out of the outbox and hands them to Postack, each priority in its own order. */
@Injectable()
export class OutboxSender implements BeforeApplicationShutdown {
  readonly #logger = new Logger('PostackOutbox');

  constructor(
    { api }: PostackApiOptions,
    private readonly shutdown: Shutdown,
    queue: OutboxQueue,
    private readonly client: PostackClient,
    private readonly delivery: OutboxDelivery,
  ) {
    if (!api) return;
    for (const priority of ['reply', 'other'] as const) {
      queue.processMessages(priority, ({ data }) => this.#send(data, priority), {
        concurrency: CONCURRENCY,
        pollSeconds: POLL_SECONDS,
        pollSecondsWithNotify: BACKSTOP_POLL_SECONDS,
      });
    }
  }

  /** Begins no more requests. Those under way are waited for when pg-boss stops. */
  beforeApplicationShutdown(): void {
    void this.shutdown.begin();
    this.delivery.stop();
  }

  /** @throws when it is to be tried again by pg-boss: the database is away, or this process stops. */
  async #send(job: OutboxJob, priority: OutboxPriority): Promise<void> {
    const { id } = job;
    const message = await this.delivery.take(job);
    if (!message) return;
    const { from, to, text, idempotencyKey } = message;
    let begun = 0;
    let sent: PostackMessage;
    try {
      sent = await this.client.send(
        { from, to, text, idempotencyKey },
        {
          priority,
          beforeRequest: async () => {
            if (this.shutdown.signal.aborted) throw new StoppingError('this process stops');
            await this.delivery.begin(message, begun + 1);
            begun += 1;
          },
        },
      );
    } catch (error) {
      if (error instanceof NotToBeSentError) return;
      if (error instanceof PostackApiError) {
        await this.delivery.failed(message, begun, error);
        this.#report(message, error);
        return;
      }
      // No request is under way: what came before was certainly refused, or the client would not have gone on.
      await this.delivery.giveBack(message, begun);
      throw this.#interruption(id, error);
    }
    await this.delivery.accepted(id, sent.id);
  }

  /** What pg-boss is to store of an error: those of queries carry their parameters, and with them texts and numbers. */
  #interruption(id: string, error: unknown): Error {
    const told = loggableError(error);
    if (!(error instanceof StoppingError))
      this.#logger.warn(`Message ${id} could not be sent, trying again: ${told}`);
    return new Error(told);
  }

  #report({ id, to }: OutboxMessageEntity, error: PostackApiError): void {
    const level = error.isRetryable && error.maySendAgain ? 'warn' : 'error';
    this.#logger[level](`Message ${id} to ${maskPhoneNumber(to)}: ${error.message}`);
  }
}
