import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isUuid } from '../database/keyset-page.js';
import { PostackDatabase } from '../database/postack-database.js';
import { PostackApiOptions } from '../postack-api/postack-api.options.js';
import { MissingApiKeyError } from '../postack-api/unconfigured-client.js';
import { SendRules } from './send-rules/send-rules.js';
import { changeMessage, lockMessage } from './outbox-changes.js';
import type { OutboxStatus } from './outbox-message.js';
import { OutboxMessageEntity } from './outbox-message.entity.js';
import { OutboxQueries, type OutboxMessage } from './outbox-queries.js';
import { OutboxQueue } from './outbox-queue.js';
import { OutboxMessageNotFoundError, OutboxMessageStateError } from './outbox-errors.js';
import { SendReconciler } from './send-reconciler.js';

const OR = new Intl.ListFormat('en', { type: 'disjunction' });

/** An operator's decisions about messages that were not sent, or whose outcome is unknown. */
@Injectable()
export class HeldMessages {
  constructor(
    private readonly database: PostackDatabase,
    private readonly queue: OutboxQueue,
    private readonly rules: SendRules,
    private readonly reconciler: SendReconciler,
    private readonly queries: OutboxQueries,
    private readonly api: PostackApiOptions,
  ) {}

  /**
   * Sends a held or rejected message, past the limits of the loop guard. A message that Postack turns out to have
   * already is not sent again.
   *
   * @param reason Kept with the message.
   * @throws {OutboxMessageNotFoundError}
   * @throws {OutboxMessageStateError} when the message is neither held nor rejected, or a send rule still blocks it, such
   * as an opt-out or a suppression.
   * @throws {MissingApiKeyError} without the option `api`.
   */
  async release(id: string, reason: string): Promise<OutboxMessage> {
    if (!this.api.api) throw new MissingApiKeyError();
    await this.queue.prepare();
    return this.#decide(id, ['held', 'rejected'], 'released', async (message, manager) => {
      if (message.heldReason === 'unknown-outcome' && (await this.reconciler.reconcile(message, manager)))
        return;
      message.releasedAt = new Date();
      const block = await this.rules.check(message, manager);
      if (block && block.kind !== 'defer')
        throw new OutboxMessageStateError(`Message ${id} still cannot be sent: ${block.detail}`);
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
   * Cancels a message that is held, rejected or still queued.
   *
   * @param reason Kept with the message.
   * @throws {OutboxMessageNotFoundError}
   * @throws {OutboxMessageStateError} when a request for it is under way, or Postack has it.
   */
  async cancel(id: string, reason: string): Promise<OutboxMessage> {
    return this.#decide(id, ['held', 'rejected', 'queued'], 'cancelled', async (_message, manager) => {
      await changeMessage(manager, id, { status: 'cancelled', decisionReason: reason });
    });
  }

  /**
   * Records that an operator has found a message of unknown outcome at Postack.
   *
   * @param messageId Postack's id of the message.
   * @throws {OutboxMessageNotFoundError}
   * @throws {OutboxMessageStateError} when the outcome is known, or `messageId` belongs to another message.
   */
  async accept(id: string, messageId: string): Promise<OutboxMessage> {
    return this.#decide(id, ['held'], 'marked as accepted', async ({ heldReason }, manager) => {
      if (heldReason !== 'unknown-outcome') {
        throw new OutboxMessageStateError(
          `Message ${id} was not sent: it is held as "${String(heldReason)}". Release or cancel it instead`,
        );
      }
      const other = await manager.findOneBy(OutboxMessageEntity, { messageId });
      if (other)
        throw new OutboxMessageStateError(
          `Postack's message "${messageId}" is the outbound message ${other.id}. Check the id`,
        );
      await this.reconciler.markAccepted(id, messageId, manager);
    });
  }

  async #decide(
    id: string,
    statuses: readonly OutboxStatus[],
    decision: string,
    change: (message: OutboxMessageEntity, manager: EntityManager) => Promise<void>,
  ): Promise<OutboxMessage> {
    if (!isUuid(id)) throw new OutboxMessageNotFoundError(id);
    await this.database.transaction(async (manager) => {
      const message = await lockMessage(id, manager);
      if (!message) throw new OutboxMessageNotFoundError(id);
      if (!statuses.includes(message.status)) {
        throw new OutboxMessageStateError(
          `Message ${id} is ${message.status}: only a message that is ${OR.format(statuses)} can be ${decision}`,
        );
      }
      await change(message, manager);
    });
    const decided = await this.queries.find(id);
    if (!decided) throw new OutboxMessageNotFoundError(id);
    return decided;
  }
}
