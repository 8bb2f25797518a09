import { Injectable } from '@nestjs/common';
import { Between, type EntityManager } from 'typeorm';
import { hasCertainlyFailed } from '../../messages/has-certainly-failed.js';
import { OutboxMessageEntity } from '../../outbox/outbox-message.entity.js';
import { Outbox } from '../../outbox/outbox.js';
import type { ResendRefusal } from '../failure-states.js';
import type { MessageFailure } from '../message-failure.js';
import { FailuresOptions } from '../failures.options.js';

/** For so long the outbox looks for messages of which it is not known whether Postack has them. */
const UNDECIDED_MS = 28 * 3_600_000;

/** How far Postack's clock may be behind. */
const SKEW_MS = 60_000;

/** What its recipient expects any more nobody knows: its event may have been replayed, or its listener paused. */
const LATEST_MS = 24 * 3_600_000;

/** Nobody can tell yet whose message it is that failed; to be tried again. */
export class SenderUndecidedError extends Error {
  readonly code = 'POSTACK_SENDER_UNDECIDED';
  override readonly name = 'SenderUndecidedError';

  constructor(messageId: string) {
    super(
      `Message ${messageId} may be one of the outbox's of which it is not known yet whether Postack has it`,
    );
  }
}

/** Sends a message once more, as a new one that is linked to the one that failed. */
@Injectable()
export class FailureResend {
  constructor(
    private readonly options: FailuresOptions,
    private readonly outbox: Outbox,
  ) {}

  /**
   * Puts the message into the outbox again, in the transaction of `manager`, to be sent after its wait: one message, however
   * often this is called. Whether it still is certain that the failed one did not arrive is asked once more by then.
   *
   * @returns why it is not sent again; `null` when it is.
   * @throws {MissingApiKeyError} when there is no way to Postack any more.
   * @throws {SenderUndecidedError} while nobody can tell whether it is one of ours.
   */
  async resend(failure: MessageFailure, manager: EntityManager): Promise<ResendRefusal | null> {
    const { messageId, isRetryable, source } = failure;
    if (!isRetryable) return 'not-retryable';
    if (source !== 'event') return 'not-by-event';
    if (Date.now() - failure.failedAt.getTime() > LATEST_MS) return 'too-late';
    const failed = await manager.findOneBy(OutboxMessageEntity, { messageId });
    if (!failed) {
      await this.#assertNotOurs(failure, manager);
      return 'not-ours';
    }
    const { from, to, text, category, inReplyTo, timeZone } = failed;
    if (category === 'confirmation') return 'is-confirmation';
    const delayMs = this.options.resendDelaysMs[failed.resendAttempt];
    if (delayMs === undefined) return 'attempts-used';
    if (!(await hasCertainlyFailed(messageId, manager))) return 'may-have-arrived';
    const attempt = failed.resendAttempt + 1;
    await this.outbox.enqueue(
      {
        ...{ from, to, text, category },
        idempotencyKey: `resend:${attempt}:${failed.id}`,
        ...(inReplyTo !== null && { inReplyTo }),
        ...(timeZone !== null && { timeZone }),
        ...(delayMs > 0 && { notBefore: new Date(Date.now() + delayMs) }),
        resend: { of: messageId, attempt },
      },
      { manager },
    );
    return null;
  }

  /** A receipt may come before Postack's answer to the sending, or in its place. */
  async #assertNotOurs({ to, messageId, failedAt }: MessageFailure, manager: EntityManager): Promise<void> {
    const failedMs = failedAt.getTime();
    const open = {
      ...(to !== null && { to }),
      sendingSince: Between(new Date(failedMs - UNDECIDED_MS), new Date(failedMs + SKEW_MS)),
    };
    const isUndecided = await manager.existsBy(OutboxMessageEntity, [
      { ...open, status: 'sending' },
      { ...open, heldReason: 'unknown-outcome' },
    ]);
    if (isUndecided) throw new SenderUndecidedError(messageId);
  }
}
