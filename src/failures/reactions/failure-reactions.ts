import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Alerts } from '../../alerts/alerts.js';
import { MessageEntity } from '../../messages/message.entity.js';
import { hasCertainlyFailed } from '../../messages/has-certainly-failed.js';
import { OutboxMessageEntity } from '../../outbox/outbox-message.entity.js';
import { Suppressions } from '../../suppressions/suppressions.js';
import { FailurePolicies } from './failure-policies.js';
import { FailureResend } from './failure-resend.js';
import { FAILURE_REACTIONS, type FailureReaction } from '../failures.options.js';
import { FailureRecords } from '../failure-records.js';
import { MessageFailureEntity } from '../message-failure.entity.js';
import type { ResendRefusal } from '../failure-states.js';
import { withCause, type MessageFailure } from '../message-failure.js';
import { FailuresOptions } from '../failures.options.js';

const DAY_MS = 86_400_000;

/** The record of a failure is not there yet: its projection is behind, and catches up. */
export class FailureNotRecordedError extends Error {
  readonly code = 'POSTACK_FAILURE_NOT_RECORDED';
  override readonly name = 'FailureNotRecordedError';

  constructor(messageId: string) {
    super(
      `There is no record yet of the failure of message ${messageId}; if this lasts, see what keeps the projection ` +
        '"messages" (GET /api/v1/listeners/messages)',
    );
  }
}

/** Has the policies decide about a message that did not arrive, and does what they say. */
@Injectable()
export class FailureReactions {
  constructor(
    private readonly options: FailuresOptions,
    private readonly records: FailureRecords,
    private readonly policies: FailurePolicies,
    private readonly resend: FailureResend,
    private readonly suppressions: Suppressions,
    private readonly alerts: Alerts,
  ) {}

  /**
   * Reacts in the transaction of `manager`, once to each report of a failure.
   *
   * @throws {FailureNotRecordedError}
   * @throws whatever a policy throws.
   */
  async react(messageId: string, manager: EntityManager): Promise<void> {
    const stored = await this.#find(messageId, manager);
    if (stored.reactedAt) return;
    const failure = withCause(stored, this.options.catalogue);
    // Before the rows are locked: a policy may take long, and the projection must not wait for it.
    const reactions = new Set(await this.policies.decide(failure));
    // In the order of the projection. What is certain of the message now stays so until this is committed.
    await manager.findOne(MessageEntity, { where: { id: messageId }, lock: { mode: 'pessimistic_read' } });
    const locked = await manager.findOne(MessageFailureEntity, {
      where: { messageId },
      lock: { mode: 'pessimistic_write' },
    });
    // Another report: whoever brought it reacts to it.
    if (!locked || locked.reactedAt || locked.state !== failure.state || locked.code !== failure.code) return;
    const resendRefusal = reactions.has('resend') ? await this.resend.resend(failure, manager) : null;
    await manager.update(
      MessageFailureEntity,
      { messageId },
      {
        reactions: await this.#done(reactions, failure, resendRefusal, manager),
        reactedAt: new Date(),
        resendRefusal,
        ...(locked.to === null && { from: failure.from, to: failure.to }),
      },
    );
  }

  /** @throws {FailureNotRecordedError} */
  async #find(messageId: string, manager: EntityManager): Promise<MessageFailureEntity> {
    const find = () => manager.findOneBy(MessageFailureEntity, { messageId });
    let stored = await find();
    if (!stored) {
      // On its own, so that nobody waits for the policies.
      await manager.dataSource.transaction((own) => this.records.recordStored(messageId, own));
      stored = await find();
    }
    if (!stored) throw new FailureNotRecordedError(messageId);
    return stored.to === null ? this.#withNumbers(stored, manager) : stored;
  }

  /** The outbox knows the numbers of its messages, whatever Postack's events tell. */
  async #withNumbers(stored: MessageFailureEntity, manager: EntityManager): Promise<MessageFailureEntity> {
    const { messageId } = stored;
    const sent = await manager.findOneBy(OutboxMessageEntity, { messageId });
    if (!sent) return stored;
    return Object.assign(stored, { from: sent.from, to: sent.to });
  }

  /** Does it. @returns those that had an effect. */
  async #done(
    reactions: ReadonlySet<FailureReaction>,
    failure: MessageFailure,
    resendRefusal: ResendRefusal | null,
    manager: EntityManager,
  ): Promise<FailureReaction[]> {
    const done: FailureReaction[] = [];
    // In one order, whatever a policy's is, so that two reactions do not wait for each other.
    for (const reaction of FAILURE_REACTIONS.filter((one) => reactions.has(one))) {
      switch (reaction) {
        case 'resend':
          if (resendRefusal === null) done.push(reaction);
          break;
        case 'suppress':
        case 'suppress-permanently':
          if (await this.#suppress(failure, reaction, manager)) done.push(reaction);
          break;
        case 'alert':
          await this.#alert(failure, manager);
          done.push(reaction);
      }
    }
    return done;
  }

  /** @returns whether the number is suppressed now: not when the message may have arrived, or a person has decided. */
  async #suppress(
    { to, source, failedAt, code, messageId, eventId }: MessageFailure,
    reaction: 'suppress' | 'suppress-permanently',
    manager: EntityManager,
  ): Promise<boolean> {
    if (to === null) return false;
    if (source !== 'rejection' && !(await hasCertainlyFailed(messageId, manager))) return false;
    const expiresAt =
      reaction === 'suppress' ? new Date(failedAt.getTime() + this.options.suppressDays * DAY_MS) : null;
    await this.suppressions.suppress(
      { number: to, since: failedAt, expiresAt, code, messageId, eventId },
      manager,
    );
    return (await this.suppressions.find(to, manager)) !== null;
  }

  async #alert(
    { code, causeClass, meaning, action, messageId }: MessageFailure,
    manager: EntityManager,
  ): Promise<void> {
    const name = code ?? '(no code)';
    await this.alerts.raise(
      {
        kind: 'failure',
        // Indexed: whatever Postack writes for a code must not be too long.
        key: name.slice(0, 200),
        summary: `Messages fail with ${name}. ${meaning}. ${action}`,
        details: { code, causeClass, messageId },
      },
      manager,
    );
  }
}
