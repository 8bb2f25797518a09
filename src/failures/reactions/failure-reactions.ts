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
import { FailureSets } from './failure-sets.js';
import { FailureRecords } from '../failure-records.js';
import { MessageFailureEntity } from '../message-failure.entity.js';
import type { ResendRefusal } from '../failure-states.js';
import { causeOf } from '../failure-catalogue.js';
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
    private readonly sets: FailureSets,
    private readonly suppressions: Suppressions,
    private readonly alerts: Alerts,
  ) {}

  /**
   * Reacts, once for each recorded failure. Only reactions that may take effect need a transaction of their own.
   *
   * @throws {FailureNotRecordedError}
   * @throws the error of a policy that throws.
   */
  async react(messageId: string): Promise<void> {
    const stored = await this.#find(messageId);
    if (stored.reactedAt) return;
    const hasNumber = stored.to !== null;
    if (!hasNumber) await this.#addNumbers(stored);
    const failure = withCause(stored, this.options.catalogue);
    // Before the rows are locked: a policy may be slow, and the projection must not wait for it.
    const reactions = new Set(await this.policies.decide(failure));
    const refusal = reactions.has('resend') ? await this.#refusal(failure) : null;
    const hasNoEffect = reactions.size === 0 || (reactions.size === 1 && refusal !== null);
    if (hasNoEffect && hasNumber) await this.sets.markNone(failure, refusal);
    else await this.database.transaction((manager) => this.#reactNow(failure, reactions, manager));
  }

  /** Whether no policy reacts to messages that failed with this code, whatever else is known about them. */
  reactsNeverTo(code: string | null): boolean {
    const { causeClass } = causeOf(this.options.catalogue, code);
    return this.policies.decideNothing({ code, causeClass });
  }

  async #reactNow(
    failure: MessageFailure,
    reactions: ReadonlySet<FailureReaction>,
    manager: EntityManager,
  ): Promise<void> {
    const { messageId } = failure;
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

  /** Why it is certainly not resent; `null` when only the transaction can say. */
  async #refusal(failure: MessageFailure): Promise<ResendRefusal | null> {
    return this.resend.refusal(failure) ?? ((await this.sets.isMaybeOurs(failure)) ? null : 'not-ours');
  }

  /** @throws {FailureNotRecordedError} */
  async #find(messageId: string): Promise<MessageFailureEntity> {
    const stored = await this.sets.find(messageId);
    if (stored) return stored;
    await this.database.transaction((manager) => this.records.recordStored(messageId, manager));
    const recorded = await this.sets.find(messageId);
    if (!recorded) throw new FailureNotRecordedError(messageId);
    return recorded;
  }

  /** Takes the numbers from the outbox if no event contained them. */
  async #addNumbers(stored: MessageFailureEntity): Promise<void> {
    const { messageId } = stored;
    const sent = await this.database.repository(OutboxMessageEntity).findOneBy({ messageId });
    if (sent) Object.assign(stored, { from: sent.from, to: sent.to });
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
