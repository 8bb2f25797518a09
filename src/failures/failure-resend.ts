import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isCertainlyLost } from '../replies/guards/resend-guard.js';
import { OutboxMessageEntity } from '../replies/outbox/outbox-message.entity.js';
import { Outbox } from '../replies/outbox/outbox.js';
import { FAILURE_OPTIONS, type ResolvedFailureOptions } from './failure-options.js';
import type { ResendRefusal } from './failure-states.js';
import type { Failure } from './failure.js';

/** Sends a message once more, as a new one that is linked to the one that failed. */
@Injectable()
export class FailureResend {
  constructor(
    @Inject(FAILURE_OPTIONS) private readonly options: ResolvedFailureOptions,
    private readonly outbox: Outbox,
  ) {}

  /**
   * Puts the message into the outbox again, in the transaction of `manager`, to be sent after its wait: one message, however
   * often this is called. Whether it still is certain that the failed one did not arrive is asked once more by then.
   *
   * @returns why it is not sent again; `null` when it is.
   * @throws {MissingApiKeyError} when there is no way to Postack any more.
   */
  async resend(failure: Failure, manager: EntityManager): Promise<ResendRefusal | null> {
    const { messageId, isRetryable, source } = failure;
    if (!isRetryable) return 'not-retryable';
    if (source !== 'event') return 'not-by-event';
    const failed = await manager.findOneBy(OutboxMessageEntity, { messageId });
    if (!failed) return 'not-ours';
    const { from, to, text, category, inReplyTo, timeZone } = failed;
    if (category === 'confirmation') return 'is-confirmation';
    const delayMs = this.options.resendDelaysMs[failed.resendAttempt];
    if (delayMs === undefined) return 'attempts-used';
    if (!(await isCertainlyLost(messageId, manager))) return 'may-have-arrived';
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
}
