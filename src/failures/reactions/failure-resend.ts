import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { databaseTimeIn } from '../../database/database-time.js';
import { hasCertainlyFailed } from '../../messages/has-certainly-failed.js';
import { OutboxMessageEntity } from '../../outbox/outbox-message.entity.js';
import { Outbox } from '../../outbox/outbox.js';
import { PostackApiOptions } from '../../postack-api/postack-api.options.js';
import type { ResendRefusal } from '../failure-states.js';
import type { MessageFailure } from '../message-failure.js';
import { FailuresOptions } from '../failures.options.js';
import { maybeSent } from './maybe-sent.js';

/** A replayed event or a resumed listener may bring up old failures: their recipients no longer expect the message. */
const MAX_AGE_MS = 24 * 3_600_000;

/** It is not known yet whether the failed message belongs to the outbox. Solved by a retry. */
export class SenderUndecidedError extends Error {
  readonly code = 'POSTACK_SENDER_UNDECIDED';
  override readonly name = 'SenderUndecidedError';

  constructor(messageId: string) {
    super(
      `Message ${messageId} may belong to an outbox message whose send outcome is still unknown; retrying until it ` +
        'is known',
    );
  }
}

/** Resends a failed message as a new message that is linked to it. */
@Injectable()
export class FailureResend {
  constructor(
    private readonly options: FailuresOptions,
    private readonly outbox: Outbox,
    private readonly api: PostackApiOptions,
  ) {}

  /**
   * Enqueues the message again, in the transaction of `manager`, with the delay of `failures.resendDelaysMs`.
   * Idempotent. Before it is sent, a send rule checks again that the failed message certainly did not arrive.
   *
   * @returns why it is not resent; `null` if it is.
   * @throws {SenderUndecidedError} while it is unknown whether the outbox sent the message.
   */
  async resend(failure: MessageFailure, manager: EntityManager): Promise<ResendRefusal | null> {
    const { messageId } = failure;
    const refusal = this.refusal(failure);
    if (refusal) return refusal;
    const failed = await manager.findOneBy(OutboxMessageEntity, { messageId });
    if (!failed) {
      if ((await maybeSent([failure], manager)).has(messageId)) throw new SenderUndecidedError(messageId);
      return 'not-ours';
    }
    if (!this.api.api) return 'no-api-key';
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
        ...(delayMs > 0 && { notBefore: await databaseTimeIn(delayMs, manager) }),
        resend: { of: messageId, attempt },
      },
      { manager },
    );
    return null;
  }

  /** Why it is not resent, as far as the failure itself says. */
  refusal({ isRetryable, source, failedAt }: MessageFailure): ResendRefusal | null {
    if (!isRetryable) return 'not-retryable';
    if (source !== 'event') return 'not-by-event';
    return Date.now() - failedAt.getTime() > MAX_AGE_MS ? 'too-late' : null;
  }
}
