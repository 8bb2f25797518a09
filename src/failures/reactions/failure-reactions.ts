import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Alerts } from '../../alerts/alerts.js';
import { PostackDatabase } from '../../database/postack-database.js';
import { MessageEntity } from '../../messages/message.entity.js';
import { hasCertainlyFailed } from '../../messages/has-certainly-failed.js';
import { OutboxMessageEntity } from '../../outbox/outbox-message.entity.js';
import { Suppressions } from '../../suppressions/suppressions.js';
import { FailurePolicies } from './failure-policies.js';
import { FailureResend } from './failure-resend.js';
import { FailureRecords } from '../failure-records.js';
import { MessageFailureEntity } from '../message-failure.entity.js';
import type { ResendRefusal } from '../failure-states.js';
import { withCause, type MessageFailure } from '../message-failure.js';
import { FAILURE_REACTIONS, FailuresOptions, type FailureReaction } from '../failures.options.js';

const DAY_MS = 86_400_000;

/** The failure is not recorded yet, because the projection of messages is behind. Solved by a retry. */
export class FailureNotRecordedError extends Error {
  readonly code = 'POSTACK_FAILURE_NOT_RECORDED';
  override readonly name = 'FailureNotRecordedError';

  constructor(messageId: string) {
    super(
      `The failure of message ${messageId} is not recorded yet; if this persists, check what is blocking the ` +
        'projection "messages" (GET /api/v1/listeners/messages)',
    );
  }
}

/** Reacts to messages that did not arrive, as the policies decide. */
@Injectable()
export class FailureReactions {
  constructor(
    private readonly options: FailuresOptions,
    private readonly database: PostackDatabase,
    private readonly records: FailureRecords,
    private readonly policies: FailurePolicies,
    private readonly resend: FailureResend,
    private readonly suppressions: Suppressions,
    private readonly alerts: Alerts,
  ) {}

  /**
   * Reacts in the transaction of `manager`, once for each recorded failure.
   *
   * @throws {FailureNotRecordedError}
   * @throws the error of a policy that throws.
   */
  async react(messageId: string, manager: EntityManager): Promise<void> {
    const stored = await this.#find(messageId, manager);
    if (stored.reactedAt) return;
    const failure = withCause(stored, this.options.catalogue);
    // Before the rows are locked: a policy may be slow, and the projection must not wait for it.
    const reactions = new Set(await this.policies.decide(failure));
    // Locked in the same order as by the projection. The state of the message is fixed until the commit.
    await manager.findOne(MessageEntity, { where: { id: messageId }, lock: { mode: 'pessimistic_read' } });
    const locked = await manager.findOne(MessageFailureEntity, {
      where: { messageId },
      lock: { mode: 'pessimistic_write' },
    });
    // The failure was replaced meanwhile: its own event or job reacts to it.
    if (!locked || locked.reactedAt || locked.state !== failure.state || locked.code !== failure.code) return;
    const resendRefusal = reactions.has('resend') ? await this.resend.resend(failure, manager) : null;
    await manager.update(
      MessageFailureEntity,
      { messageId },
      {
        reactions: await this.#perform(reactions, failure, resendRefusal, manager),
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
      // In its own transaction, so that its lock is not held while the policies decide.
      await this.database.transaction((own) => this.records.recordStored(messageId, own));
      stored = await find();
    }
    if (!stored) throw new FailureNotRecordedError(messageId);
    return stored.to === null ? this.#withNumbers(stored, manager) : stored;
  }

  /** Takes the numbers from the outbox if no event contained them. */
  async #withNumbers(stored: MessageFailureEntity, manager: EntityManager): Promise<MessageFailureEntity> {
    const { messageId } = stored;
    const sent = await manager.findOneBy(OutboxMessageEntity, { messageId });
    if (!sent) return stored;
    return Object.assign(stored, { from: sent.from, to: sent.to });
  }

  /** @returns the reactions that took effect. */
  async #perform(
    reactions: ReadonlySet<FailureReaction>,
    failure: MessageFailure,
    resendRefusal: ResendRefusal | null,
    manager: EntityManager,
  ): Promise<FailureReaction[]> {
    const done: FailureReaction[] = [];
    // In a fixed order, so that two transactions cannot deadlock.
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

  /** @returns whether the number is suppressed now; `false` if the message may have arrived. */
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
    const symptom = code === null ? 'without an error code' : `with error code ${code}`;
    await this.alerts.raise(
      {
        kind: 'failure',
        // Indexed: a code from Postack must not exceed the maximum size of an index row.
        key: (code ?? '(no code)').slice(0, 200),
        summary: `Messages are failing ${symptom}. ${meaning}. ${action}`,
        details: { code, causeClass, messageId },
      },
      manager,
    );
  }
}
