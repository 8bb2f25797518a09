import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { OutageLog } from '../errors/outage-log.js';
import { retryDelayMs } from '../listeners/retry-delay.js';
import { retryUntilSuccess } from '../database/retry-until-success.js';
import { maskPhoneNumber } from '../events/phone-number.js';
import { databaseTimeIn } from '../database/database-time.js';
import { PostackDatabase } from '../database/postack-database.js';
import type { PostackApiError } from '../postack-api/postack-api-errors.js';
import { SendRules } from './send-rules/send-rules.js';
import { changeMessage, holdMessage, lockMessage } from './outbox-changes.js';
import type { SendBlock } from './outbox-message.js';
import { OutboxMessageEntity } from './outbox-message.entity.js';
import { OutboxQueue, type OutboxJob } from './outbox-queue.js';
import { SendReconciler } from './send-reconciler.js';
import { toSendError, type SendError } from './send-error.js';

/** Backoff while Postack does not accept a message and certainly does not have it. */
const RETRY = { attempts: Infinity, firstDelayMs: 5000, maxDelayMs: 600_000 };

/** Retries end this long after the message was enqueued or released, but not before `MIN_ATTEMPTS` attempts. */
const GIVE_UP_AFTER_MS = 86_400_000;
const MIN_ATTEMPTS = 30;

/** No request may be made for the message now. Its state is stored already; nothing is left to do. */
export class SendAbortedError extends Error {
  override readonly name = 'SendAbortedError';
}

/** Runs in the transaction that marks a message as rejected by Postack. An error that it throws rolls that back. */
export type RejectionObserver = (
  message: Pick<OutboxMessageEntity, 'id' | 'from' | 'to'>,
  error: SendError,
  manager: EntityManager,
) => Promise<void>;

/**
 * The state changes of one message on its way to Postack. A message has at most one request of unknown outcome: once
 * Postack may have accepted it, it is never sent again.
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

  /**
   * Stops retrying to record outcomes while the database is unavailable. Such a message stays `sending`; the next
   * process treats its outcome as unknown.
   */
  stop(): void {
    this.#stopping.abort();
  }

  /**
   * The message of a job, if it is to be sent now. A message that is still `sending` belongs to a process that died: its
   * outcome is unknown, so it is held.
   */
  async take({ id, notBefore = null }: OutboxJob): Promise<OutboxMessageEntity | null> {
    const message = await this.database.repository(OutboxMessageEntity).findOneBy({ id });
    if (message?.status === 'sending') {
      await this.#holdUnknownOutcome(id, 'The sending process died before Postack responded');
      return null;
    }
    const isOurs = message?.status === 'queued' && (message.notBefore?.toISOString() ?? null) === notBefore;
    return isOurs ? message : null;
  }

  /**
   * Marks the message as being sent, unless a send rule blocks it. Called right before each request.
   *
   * @param taken As returned by `take`.
   * @param attempt Counted in this process, from 1. Only the first attempt finds the message `queued`.
   * @throws {SendAbortedError} when a send rule blocks the message, or its state has changed since.
   */
  async begin(taken: OutboxMessageEntity, attempt: number): Promise<void> {
    const { id } = taken;
    const mayBegin = await this.database.transaction(async (manager) => {
      const message = await lockMessage(id, manager);
      if (message?.status !== (attempt === 1 ? 'queued' : 'sending')) return false;
      if (message.attempts !== taken.attempts + attempt - 1) return false;
      const block = await this.rules.check(message, manager);
      if (block) {
        await this.#applyBlock(message, block, manager);
        return false;
      }
      await changeMessage(manager, id, {
        status: 'sending',
        sendingSince: new Date(),
        attempts: message.attempts + 1,
      });
      return true;
    });
    if (!mayBegin) throw new SendAbortedError(id);
  }

  /** Records that Postack has accepted the message. */
  async accepted(id: string, messageId: string): Promise<void> {
    await this.#recordOutcome(async (manager) => {
      const message = await lockMessage(id, manager);
      // Any other status counts: another process may have presumed this one dead, or an operator may have decided.
      if (!message || message.status === 'accepted') return;
      await this.reconciler.markAccepted(id, messageId, manager);
    });
  }

  /**
   * Records that sending has failed: retries, rejects or holds the message.
   *
   * @param attempts Requests begun by this process.
   */
  async failed(taken: OutboxMessageEntity, attempts: number, error: PostackApiError): Promise<void> {
    const { id } = taken;
    if (!error.maySendAgain) {
      await this.#holdUnknownOutcome(id, error.message, error);
      return;
    }
    await this.#recordOutcome(async (manager) => {
      const message = await this.#lockOwn(taken, attempts, manager);
      if (!message) return;
      const lastError = toSendError(error);
      if (!error.isRetryable) {
        await changeMessage(manager, id, { status: 'rejected', lastError });
        for (const observer of this.#rejectionObservers) await observer(message, lastError, manager);
        return;
      }
      const since = message.releasedAt ?? message.createdAt;
      if (message.attempts >= MIN_ATTEMPTS && Date.now() - since.getTime() > GIVE_UP_AFTER_MS) {
        const detail = `Postack did not accept the message in ${message.attempts} attempts: ${error.message}. Then release the message`;
        await holdMessage(manager, id, 'retries-exhausted', detail, { lastError });
        return;
      }
      const backoffMs = retryDelayMs(error, Math.max(1, message.attempts), RETRY) ?? RETRY.maxDelayMs;
      const notBefore = await databaseTimeIn(Math.max(backoffMs, error.retryAfterMs ?? 0), manager);
      await changeMessage(manager, id, { status: 'queued', lastError, notBefore });
      await this.queue.send(message, manager, notBefore);
    });
  }

  /**
   * Puts the message back to `queued`, for when no request is under way. Its job has to be retried by pg-boss.
   *
   * @param attempts Requests begun by this process.
   */
  async requeue(taken: OutboxMessageEntity, attempts: number): Promise<void> {
    if (attempts === 0) return;
    await this.#recordOutcome(async (manager) => {
      if (await this.#lockOwn(taken, attempts, manager))
        await changeMessage(manager, taken.id, { status: 'queued' });
    });
  }

  async #applyBlock(message: OutboxMessageEntity, block: SendBlock, manager: EntityManager): Promise<void> {
    const { id, to } = message;
    const { detail } = block;
    switch (block.kind) {
      case 'defer':
        await changeMessage(manager, id, { status: 'queued', notBefore: block.until, heldDetail: detail });
        await this.queue.send(message, manager, block.until);
        return;
      case 'cancel':
        await changeMessage(manager, id, { status: 'cancelled', decisionReason: detail });
        return;
      case 'hold':
        await holdMessage(manager, id, block.reason, detail);
        this.#logger.warn(`Message ${id} to ${maskPhoneNumber(to)} held: ${detail}`);
    }
  }

  /** The locked message; `null` when its state was changed by anything but this process's `attempts` requests. */
  async #lockOwn(
    taken: OutboxMessageEntity,
    attempts: number,
    manager: EntityManager,
  ): Promise<OutboxMessageEntity | null> {
    const message = await lockMessage(taken.id, manager);
    const isOurs =
      message?.status === (attempts > 0 ? 'sending' : 'queued') &&
      message.attempts === taken.attempts + attempts;
    return isOurs ? message : null;
  }

  /** Holds a message that Postack may or may not have, and has it reconciled with Postack's events. */
  async #holdUnknownOutcome(id: string, cause: string, error?: PostackApiError): Promise<void> {
    await this.#recordOutcome(async (manager) => {
      const message = await lockMessage(id, manager);
      if (message?.status !== 'sending' || (await this.reconciler.reconcile(message, manager))) return;
      const detail =
        `${cause}. Postack may or may not have the message; sending it again could deliver it twice. A Postack event ` +
        'about it resolves this automatically. If none arrives, look for it at Postack, then accept, release or cancel it here';
      await holdMessage(manager, id, 'unknown-outcome', detail, error && { lastError: toSendError(error) });
      await this.reconciler.schedule(id, manager);
    });
  }

  async #recordOutcome(run: (manager: EntityManager) => Promise<void>): Promise<void> {
    await retryUntilSuccess(() => this.database.transaction(run), {
      outage: this.#outage,
      what: 'Recording the outcome of a request to Postack',
      stop: this.#stopping.signal,
    });
  }
}
