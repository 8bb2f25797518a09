import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Shutdown } from '../jobs/shutdown.js';
import { maskPhoneNumber } from '../events/phone-number.js';
import { loggableError } from '../errors/loggable-error.js';
import { PostackApiOptions } from '../postack-api/postack-api.options.js';
import { PostackApiError } from '../postack-api/postack-api-errors.js';
import { PostackClient, type PostackMessage } from '../postack-api/postack-client.js';
import { OutboxDelivery, SendAbortedError } from './outbox-delivery.js';
import type { OutboxMessageEntity } from './outbox-message.entity.js';
import { OutboxQueue, type OutboxJob, type OutboxPriority } from './outbox-queue.js';

/**
 * Messages of each priority that a process sends concurrently. With two priorities, that keeps up more than Postack's
 * 10 requests per second even when each takes a second.
 */
const CONCURRENCY = 8;

/** Poll interval for due retries, which no notification announces; the second value applies while NOTIFY works. */
const POLL_SECONDS = 1;
const BACKSTOP_POLL_SECONDS = 5;

/** The process is stopping; another process sends the message, or this one after a restart. */
class StoppingError extends Error {
  override readonly name = 'StoppingError';
}

/** Sends the messages of the outbox to Postack, each priority in its own order. */
@Injectable()
export class OutboxSender implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger('PostackOutbox');

  constructor(
    private readonly options: PostackApiOptions,
    private readonly shutdown: Shutdown,
    queue: OutboxQueue,
    private readonly client: PostackClient,
    private readonly delivery: OutboxDelivery,
  ) {
    if (!options.api) return;
    for (const priority of ['reply', 'other'] as const) {
      queue.processMessages(priority, ({ data }) => this.#send(data, priority), {
        concurrency: CONCURRENCY,
        pollSeconds: POLL_SECONDS,
        pollSecondsWithNotify: BACKSTOP_POLL_SECONDS,
      });
    }
  }

  onApplicationBootstrap(): void {
    if (this.options.api) return;
    this.#logger.warn(
      'Nothing can be sent: no API key of Postack is configured. Replies of listeners are held until then. Set the option ' +
        '"api.apiKey" of PostackModule, or POSTACK_API_KEY for the service',
    );
  }

  /** Begins no more requests; pg-boss waits for those under way when it stops. */
  beforeApplicationShutdown(): void {
    void this.shutdown.begin();
    this.delivery.stop();
  }

  /** @throws when pg-boss has to retry the job: the database is unavailable, or the process is stopping. */
  async #send(job: OutboxJob, priority: OutboxPriority): Promise<void> {
    const { id } = job;
    const message = await this.delivery.take(job);
    if (!message) return;
    const { from, to, text, idempotencyKey } = message;
    let attempts = 0;
    let sent: PostackMessage;
    try {
      sent = await this.client.send(
        { from, to, text, idempotencyKey },
        {
          priority,
          beforeRequest: async () => {
            if (this.shutdown.signal.aborted) throw new StoppingError('The process is stopping');
            await this.delivery.begin(message, attempts + 1);
            attempts += 1;
          },
        },
      );
    } catch (error) {
      if (error instanceof SendAbortedError) return;
      if (error instanceof PostackApiError) {
        await this.delivery.failed(message, attempts, error);
        this.#logFailure(message, error);
        return;
      }
      // No request is under way, and the client only retries what Postack has certainly not accepted.
      await this.delivery.requeue(message, attempts);
      throw this.#interruption(id, error);
    }
    await this.delivery.accepted(id, sent.id);
  }

  /** The error for pg-boss to store: query errors carry their parameters, and with them texts and phone numbers. */
  #interruption(id: string, error: unknown): Error {
    const reason = loggableError(error);
    if (!(error instanceof StoppingError))
      this.#logger.warn(`Sending message ${id} was interrupted; retrying: ${reason}`);
    return new Error(reason);
  }

  #logFailure({ id, to }: OutboxMessageEntity, error: PostackApiError): void {
    const level = error.isRetryable && error.maySendAgain ? 'warn' : 'error';
    this.#logger[level](`Sending message ${id} to ${maskPhoneNumber(to)} failed: ${error.message}`);
  }
}
