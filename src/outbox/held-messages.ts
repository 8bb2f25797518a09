import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PostackDatabase } from '../database/postack-database.js';
import { SendRules } from './send-rules/send-rules.js';
import { changeMessage, lockMessage } from './outbox-changes.js';
import type { OutboxStatus } from './outbox-message.js';
import { OutboxMessageEntity } from './outbox-message.entity.js';
import { OutboxQueries, type OutboxMessage } from './outbox-queries.js';
import { OutboxQueue } from './outbox-queue.js';
import { OutboxMessageNotFoundError, OutboxMessageStateError } from './outbox-errors.js';
import { SendReconciler } from './send-reconciler.js';

/** What a person decides about messages that were not sent, or of which nobody knows whether they were. */
@Injectable()
export class HeldMessages {
  constructor(
    private readonly database: PostackDatabase,
    private readonly queue: OutboxQueue,
    private readonly rules: SendRules,
    private readonly reconciler: SendReconciler,
    private readonly log: OutboxQueries,
  ) {}

  /**
   * Has a held or rejected message sent, past budgets and loop guard. When Postack turns out to have it already, it is
   * not sent again.
   *
   * @param reason For whoever looks at it later.
   * @throws {OutboxMessageNotFoundError}
   * @throws {OutboxMessageStateError} when it is neither, or still must not be sent: its recipient has opted out, or is suppressed.
   */
  async release(id: string, reason: string): Promise<OutboxMessage> {
    await this.queue.prepare();
    return this.#decide(id, ['held', 'rejected'], 'released', async (message, manager) => {
      if (message.heldReason === 'unknown-outcome' && (await this.reconciler.find(message, manager))) return;
      message.releasedAt = new Date();
      const block = await this.rules.block(message, manager);
      if (block && block.kind !== 'wait')
        throw new OutboxMessageStateError(`It still cannot be sent: ${block.detail}`);
      await changeMessage(manager, id, {
        status: 'queued',
        releasedAt: message.releasedAt,
        decisionReason: reason,
        notBefore: null,
      });
      await this.queue.send(message, manager);
    });
  }

  /**
   * Decides that a message is not to be sent (any more): one that is held, rejected, or still queued.
   *
   * @throws {OutboxMessageNotFoundError}
   * @throws {OutboxMessageStateError} when it is under way, or Postack has it.
   */
  async cancel(id: string, reason: string): Promise<OutboxMessage> {
    return this.#decide(id, ['held', 'rejected', 'queued'], 'cancelled', async (_message, manager) => {
      await changeMessage(manager, id, { status: 'cancelled', decisionReason: reason });
    });
  }

  /**
   * A person has found a message of unknown outcome at Postack.
   *
   * @param messageId Postack's id of it.
   * @throws {OutboxMessageNotFoundError}
   * @throws {OutboxMessageStateError} when its outcome is known, or that id is another message's.
   */
  async accept(id: string, messageId: string): Promise<OutboxMessage> {
    return this.#decide(id, ['held'], 'accepted by hand', async ({ heldReason }, manager) => {
      if (heldReason !== 'unknown-outcome') {
        throw new OutboxMessageStateError(
          `It is held for another reason, ${String(heldReason)}: it was not sent`,
        );
      }
      const other = await manager.findOneBy(OutboxMessageEntity, { messageId });
      if (other)
        throw new OutboxMessageStateError(
          `Postack's message "${messageId}" is the outbound message ${other.id}`,
        );
      await this.reconciler.markAccepted(id, messageId, manager);
    });
  }

  async #decide(
    id: string,
    statuses: readonly OutboxStatus[],
    what: string,
    change: (message: OutboxMessageEntity, manager: EntityManager) => Promise<void>,
  ): Promise<OutboxMessage> {
    if (!(await this.log.find(id))) throw new OutboxMessageNotFoundError(id);
    await this.database.transaction(async (manager) => {
      const message = await lockMessage(id, manager);
      if (!message || !statuses.includes(message.status)) {
        throw new OutboxMessageStateError(
          `It is ${message?.status ?? 'gone'}: only what is ${statuses.join(' or ')} can be ${what}`,
        );
      }
      await change(message, manager);
    });
    const decided = await this.log.find(id);
    if (!decided) throw new OutboxMessageNotFoundError(id);
    return decided;
  }
}
