import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../database/run-sql.js';
import { MessageEntity } from '../messages/message.entity.js';
import { databaseTimeIn } from '../database/database-time.js';
import { PostackDatabase } from '../database/postack-database.js';
import { PostackApiOptions } from '../postack-api/postack-api.options.js';
import { changeMessage, lockMessage } from './outbox-changes.js';
import { OutboxMessageEntity } from './outbox-message.entity.js';
import { OutboxQueue, type ReconcileJob } from './outbox-queue.js';

/**
 * Delay before each round of reconciliation. Postack's events arrive within seconds; a failed webhook is retried for up
 * to 28 hours.
 */
const ROUND_DELAYS_MS = [1000, 5000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000, 86_400_000];

/** Latest first event of a message after its request, and the clock difference that is tolerated. */
const WINDOW_MS = 3_600_000;
const SKEW_MS = 60_000;

/**
 * The message that Postack has reported for an outbound one: same numbers and text, at the time of the request, not yet
 * matched to another outbound message.
 */
const matchingMessageSql = (messages: string, outbox: string) => `
  SELECT m.id FROM ${messages} m
  WHERE m.direction = 'outbound' AND ltrim(m.to_number, '+') = ltrim($1, '+')
    AND (ltrim(m.from_number, '+') = ltrim($2, '+') OR m.from_number IS NULL)
    AND m.text = $3 AND m.last_event_at >= $4 AND m.first_event_at BETWEEN $4 AND $5
    AND NOT EXISTS (SELECT 1 FROM ${outbox} o WHERE o.message_id = m.id)
    -- The pending response of a message with the same text may be about m.
    AND NOT EXISTS (
      SELECT 1 FROM ${outbox} o
      WHERE o.to_number = $1 AND o.text = $3 AND o.status = 'sending' AND o.id <> $6
    )
  ORDER BY m.first_event_at, m.id LIMIT 1`;

/** Finds out from Postack's events whether Postack has a message whose request ended without a response. */
@Injectable()
export class SendReconciler {
  readonly #logger = new Logger('PostackOutbox');

  constructor(
    private readonly database: PostackDatabase,
    { api }: PostackApiOptions,
    private readonly queue: OutboxQueue,
  ) {
    if (api) queue.processReconciliations(({ data }) => this.#runRound(data), { pollSeconds: 1 });
  }

  /** Schedules the first round for a message that is held as `unknown-outcome`, when the transaction commits. */
  async schedule(id: string, manager: EntityManager): Promise<void> {
    await this.#scheduleRound(id, 0, manager);
  }

  /** Marks the message as accepted if Postack has reported it. @returns whether it has. */
  async reconcile(message: OutboxMessageEntity, manager: EntityManager): Promise<boolean> {
    if (message.sendingSince === null) return false;
    const sql = matchingMessageSql(
      this.database.table(MessageEntity),
      this.database.table(OutboxMessageEntity),
    );
    const [match]: { id: string }[] = await runSql(manager, sql, [
      message.to,
      message.from,
      message.text,
      new Date(message.sendingSince.getTime() - SKEW_MS).toISOString(),
      new Date(message.sendingSince.getTime() + WINDOW_MS).toISOString(),
      message.id,
    ]);
    if (!match) return false;
    await this.markAccepted(message.id, match.id, manager);
    return true;
  }

  /** Records that Postack has accepted the outbound message `id` as `messageId`. */
  async markAccepted(id: string, messageId: string, manager: EntityManager): Promise<void> {
    const other = await manager.findOneBy(OutboxMessageEntity, { messageId });
    if (other && other.id !== id) {
      // The other one was matched by its text, which both have; the response to this one is certain.
      const heldDetail =
        `Postack's message ${messageId} was matched to this message, but belongs to outbound message ${id}. ` +
        'Postack may or may not have this message';
      await changeMessage(manager, other.id, {
        status: 'held',
        heldReason: 'unknown-outcome',
        heldDetail,
        messageId: null,
        acceptedAt: null,
      });
      await this.schedule(other.id, manager);
    }
    await changeMessage(manager, id, {
      status: 'accepted',
      messageId,
      acceptedAt: new Date(),
      lastError: null,
    });
  }

  async #runRound({ id, round }: ReconcileJob): Promise<void> {
    const isReconciled = await this.database.transaction(async (manager) => {
      const message = await lockMessage(id, manager);
      if (message?.heldReason !== 'unknown-outcome') return false;
      if (await this.reconcile(message, manager)) return true;
      await this.#scheduleRound(id, round + 1, manager);
      return false;
    });
    if (isReconciled) this.#logger.log(`Message ${id} confirmed as sent by a Postack event`);
  }

  async #scheduleRound(id: string, round: number, manager: EntityManager): Promise<void> {
    const delayMs = ROUND_DELAYS_MS[round];
    if (delayMs === undefined) return;
    await this.queue.reconcile({ id, round }, manager, await databaseTimeIn(delayMs, manager));
  }
}
