import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { OutageLog } from '../errors/outage-log.js';
import { retryDelayMs } from '../listeners/retry-delay.js';
import { retryUntilSuccess } from '../database/retry-until-success.js';
import { maskPhoneNumber } from '../events/phone-number.js';
import { PostackDatabase } from '../database/postack-database.js';
import type { PostackApiError } from '../postack-api/postack-api-errors.js';
import { SendRules } from './send-rules/send-rules.js';
import { changeMessage, holdMessage, lockMessage, storableFailure } from './outbox-changes.js';
import { OutboxMessageEntity } from './outbox-message.entity.js';
import { OutboxQueue, type OutboxJob } from './outbox-queue.js';
import { SendReconciler } from './send-reconciler.js';
import type { SendError } from './send-error.js';

/** Waits while Postack does not take a message, but certainly has not got it. */
const RETRY = { attempts: Infinity, firstDelayMs: 5000, maxDelayMs: 600_000 };

/** A message is given up after so long, since it was enqueued or released; not before it has been tried so often. */
const LONGEST_TRY_MS = 86_400_000;
const LEAST_ATTEMPTS = 30;

/** A message is not sent, now or at all; what is to be known of that is stored. */
export class NotToBeSentError extends Error {
  override readonly name = 'NotToBeSentError';
}

/** Writes along in the transaction that marks a message as rejected by Postack. What it throws rolls it back. */
export type RejectionObserver = (
  message: Pick<OutboxMessageEntity, 'id' | 'from' | 'to'>,
  error: SendError,
  manager: EntityManager,
) => Promise<void>;

/**
 * The states of one message on its way to Postack. Whatever happens, at most one request of which the outcome is not
 * known: a message that may have been accepted is never sent again.
 */
@Injectable()
export class OutboxDelivery {
  readonly #logger = new Logger('PostackOutbox');
  readonly #outage = new OutageLog(this.#logger);
  readonly #stopping = new AbortController();
  readonly #rejectionObservers: RejectionObserver[] = [];

  constructor(
    private readonly database: PostackDatabase,
    private readonly queue: OutboxQueue,
    private readonly rules: SendRules,
    private readonly reconciler: SendReconciler,
  ) {}

  onRejected(observer: RejectionObserver): void {
    this.#rejectionObservers.push(observer);
  }

  /** Gives up recording what PostgreSQL does not take: the message's outcome is unknown then, to be looked up. */
  stop(): void {
    this.#stopping.abort();
  }

  /** The message, if it is to be sent now. One that a process died with while it was being sent is not. */
  async take({ id, notBefore = null }: OutboxJob): Promise<OutboxMessageEntity | null> {
    const message = await this.database.repository(OutboxMessageEntity).findOneBy({ id });
    if (message?.status === 'sending') {
      await this.#unknown(id, 'The process that was sending it died before Postack had answered');
      return null;
    }
    const isOurs = message?.status === 'queued' && (message.notBefore?.toISOString() ?? null) === notBefore;
    return isOurs ? message : null;
  }

  /**
   * Right before each request: marks the message as being sent, unless something speaks against that.
   *
   * @param taken As `take` has returned it.
   * @param attempt Of this process, from 1: only the first one finds the message queued.
   * @throws {NotToBeSentError} also when somebody else has made a request since.
   */
  async begin(taken: OutboxMessageEntity, attempt: number): Promise<void> {
    const { id } = taken;
    const mayBegin = await this.database.transaction(async (manager) => {
      const message = await lockMessage(id, manager);
      if (message?.status !== (attempt === 1 ? 'queued' : 'sending')) return false;
      if (message.attempts !== taken.attempts + attempt - 1) return false;
      const block = await this.rules.block(message, manager);
      if (block?.kind === 'wait') {
        await changeMessage(manager, id, {
          status: 'queued',
          notBefore: block.until,
          heldDetail: block.detail,
        });
        await this.queue.send(message, manager, block.until);
        return false;
      }
      if (block?.kind === 'cancel') {
        await changeMessage(manager, id, { status: 'cancelled', decisionReason: block.detail });
        return false;
      }
      if (block) {
        await holdMessage(manager, id, block.reason, block.detail);
        this.#logger.warn(`Message ${id} to ${maskPhoneNumber(message.to)} is held: ${block.detail}`);
        return false;
      }
      await changeMessage(manager, id, {
        status: 'sending',
        sendingSince: new Date(),
        attempts: message.attempts + 1,
      });
      return true;
    });
    if (!mayBegin) throw new NotToBeSentError(id);
  }

  /** Postack has the message. */
  async accepted(id: string, messageId: string): Promise<void> {
    await this.#record(async (manager) => {
      const message = await lockMessage(id, manager);
      // By now somebody may have taken this process for dead, or decided: Postack has it all the same.
      if (!message || message.status === 'accepted') return;
      await this.reconciler.markAccepted(id, messageId, manager);
    });
  }

  /** Postack, or the way to it, has failed, after `begun` requests of this process. */
  async failed(taken: OutboxMessageEntity, begun: number, error: PostackApiError): Promise<void> {
    const { id } = taken;
    if (!error.maySendAgain) {
      await this.#unknown(id, error.message, error);
      return;
    }
    await this.#record(async (manager) => {
      const message = await this.#lockOwn(taken, begun, manager);
      if (!message) return;
      const lastError = storableFailure(error);
      if (!error.isRetryable) {
        await changeMessage(manager, id, { status: 'rejected', lastError });
        for (const observer of this.#rejectionObservers) await observer(message, lastError, manager);
        return;
      }
      const since = message.releasedAt ?? message.createdAt;
      if (message.attempts >= LEAST_ATTEMPTS && Date.now() - since.getTime() > LONGEST_TRY_MS) {
        const detail = `Postack has not taken it in ${message.attempts} attempts: ${error.message}. Then release it.`;
        await holdMessage(manager, id, 'retries-exhausted', detail, { lastError });
        return;
      }
      const backoffMs = retryDelayMs(error, Math.max(1, message.attempts), RETRY) ?? RETRY.maxDelayMs;
      const notBefore = new Date(Date.now() + Math.max(backoffMs, error.retryAfterMs ?? 0));
      await changeMessage(manager, id, { status: 'queued', lastError, notBefore });
      await this.queue.send(message, manager, notBefore);
    });
  }

  /** As if no request had begun: the job that it was taken with is repeated. */
  async giveBack(taken: OutboxMessageEntity, begun: number): Promise<void> {
    if (begun === 0) return;
    await this.#record(async (manager) => {
      if (await this.#lockOwn(taken, begun, manager))
        await changeMessage(manager, taken.id, { status: 'queued' });
    });
  }

  /** The message, unless somebody else has got hold of it since; `queued`, when no request could begin. */
  async #lockOwn(
    taken: OutboxMessageEntity,
    begun: number,
    manager: EntityManager,
  ): Promise<OutboxMessageEntity | null> {
    const message = await lockMessage(taken.id, manager);
    const isOurs =
      message?.status === (begun > 0 ? 'sending' : 'queued') && message.attempts === taken.attempts + begun;
    return isOurs ? message : null;
  }

  /** Postack may have the message, or not: it is looked for, and meanwhile held. */
  async #unknown(id: string, why: string, error?: PostackApiError): Promise<void> {
    await this.#record(async (manager) => {
      const message = await lockMessage(id, manager);
      if (message?.status !== 'sending' || (await this.reconciler.find(message, manager))) return;
      const detail =
        `${why}. So Postack may have it, or not, and sending it again might send it twice. Events about it settle this ` +
        'by themselves; if none comes, look for it at Postack, and accept, release or cancel it here.';
      await holdMessage(
        manager,
        id,
        'unknown-outcome',
        detail,
        error && { lastError: storableFailure(error) },
      );
      await this.reconciler.begin(id, manager);
    });
  }

  async #record(run: (manager: EntityManager) => Promise<void>): Promise<void> {
    await retryUntilSuccess(() => this.database.transaction(run), {
      outage: this.#outage,
      what: 'The outcome of a request to Postack cannot be recorded',
      stop: this.#stopping.signal,
    });
  }
}
