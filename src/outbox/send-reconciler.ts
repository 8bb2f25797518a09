import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { MessageEntity } from '../messages/message.entity.js';
import { PostackDatabase } from '../database/postack-database.js';
import { PostackApiOptions } from '../postack-api/postack-api.options.js';
import { changeMessage, lockMessage } from './outbox-changes.js';
import { OutboxMessageEntity } from './outbox-message.entity.js';
import { OutboxQueue, type ReconcileJob } from './outbox-queue.js';

/** When to look, after the outcome has become unknown: Postack's events come within seconds, or by its retries in 28 hours. */
const ROUNDS_MS = [1000, 5000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000, 86_400_000];

/** How long after its request a message's first event may come, and how far clocks may differ. */
const WINDOW_MS = 3_600_000;
const SKEW_MS = 60_000;

/**
 * Finds out whether Postack has a message of which the request ended without an answer: Postack then reports a message
 * of the same numbers and text, at that time, which no other message of the outbox is.
 */
@Injectable()
export class SendReconciler {
  readonly #logger = new Logger('PostackOutbox');
  readonly #outbox: string;
  readonly #messages: string;

  constructor(
    private readonly database: PostackDatabase,
    { api }: PostackApiOptions,
    private readonly queue: OutboxQueue,
  ) {
    this.#outbox = database.table(OutboxMessageEntity);
    this.#messages = database.table(MessageEntity);
    if (api) queue.processReconciliations(({ data }) => this.#look(data), { pollSeconds: 1 });
  }

  /** Has a held message looked for, from now on, when the transaction commits. */
  async begin(id: string, manager: EntityManager): Promise<void> {
    await this.#next(id, 0, manager);
  }

  /** The message that Postack has reported, linked to the one in the outbox; false when there is none. */
  async find(message: OutboxMessageEntity, manager: EntityManager): Promise<boolean> {
    if (message.sendingSince === null) return false;
    const rows: { id: string }[] = await manager.query(
      `SELECT m.id FROM ${this.#messages} m
       WHERE m.direction = 'outbound' AND ltrim(m.to_number, '+') = ltrim($1, '+')
         AND (ltrim(m.from_number, '+') = ltrim($2, '+') OR m.from_number IS NULL)
         AND m.text = $3 AND m.last_event_at >= $4 AND m.first_event_at BETWEEN $4 AND $5
         AND NOT EXISTS (SELECT 1 FROM ${this.#outbox} o WHERE o.message_id = m.id)
         -- Its answer, which is still to come, may be about that message.
         AND NOT EXISTS (
           SELECT 1 FROM ${this.#outbox} o
           WHERE o.to_number = $1 AND o.text = $3 AND o.status = 'sending' AND o.id <> $6
         )
       ORDER BY m.first_event_at, m.id LIMIT 1`,
      [
        message.to,
        message.from,
        message.text,
        new Date(message.sendingSince.getTime() - SKEW_MS).toISOString(),
        new Date(message.sendingSince.getTime() + WINDOW_MS).toISOString(),
        message.id,
      ],
    );
    const [found] = rows;
    if (!found) return false;
    await this.markAccepted(message.id, found.id, manager);
    return true;
  }

  /** Postack has this message, under that id. */
  async markAccepted(id: string, messageId: string, manager: EntityManager): Promise<void> {
    const other = await manager.findOneBy(OutboxMessageEntity, { messageId });
    if (other && other.id !== id) {
      // It was found by its text, and taken for another one of the same text.
      const heldDetail = `Postack may have it, or not: message ${messageId}, which was taken for it, is ${id}.`;
      await changeMessage(manager, other.id, {
        status: 'held',
        heldReason: 'unknown-outcome',
        heldDetail,
        messageId: null,
        acceptedAt: null,
      });
      await this.begin(other.id, manager);
    }
    await changeMessage(manager, id, {
      status: 'accepted',
      messageId,
      acceptedAt: new Date(),
      lastError: null,
    });
  }

  async #look({ id, round }: ReconcileJob): Promise<void> {
    const isFound = await this.database.transaction(async (manager) => {
      const message = await lockMessage(id, manager);
      if (message?.heldReason !== 'unknown-outcome') return false;
      if (await this.find(message, manager)) return true;
      await this.#next(id, round + 1, manager);
      return false;
    });
    if (isFound) this.#logger.log(`Message ${id} has been sent: Postack has told of it`);
  }

  async #next(id: string, round: number, manager: EntityManager): Promise<void> {
    const delayMs = ROUNDS_MS[round];
    if (delayMs === undefined) return;
    await this.queue.reconcile({ id, round }, manager, new Date(Date.now() + delayMs));
  }
}
