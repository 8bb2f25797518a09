import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../../database/run-sql.js';
import { PostackDatabase } from '../../database/postack-database.js';
import { acceptedMessage } from '../../messages/message-state.js';
import { MessageStore } from '../../messages/message-store.js';
import { MessageEntity } from '../../messages/message.entity.js';
import { OutboxMessageEntity } from '../../outbox/outbox-message.entity.js';
import { DeliveryReconciliationEntity } from './delivery-reconciliation.entity.js';

type AcceptedMessage = Parameters<typeof acceptedMessage>[0];

/** Rows in one transaction. */
const CHUNK_SIZE = 1000;

/** Progress and results of delivery reconciliation. */
@Injectable()
export class ReconciliationProgress {
  constructor(
    private readonly database: PostackDatabase,
    private readonly messages: MessageStore,
  ) {}

  /** Adds a row to `message` for every message that Postack accepted by `due` and that never had an event. */
  async addMessagesWithoutEvents(due: Date): Promise<void> {
    while (!(await this.database.transaction((manager) => this.#addChunk(due, manager))));
  }

  /** @returns whether no more are left. */
  async #addChunk(due: Date, manager: EntityManager): Promise<boolean> {
    const outbox = this.database.table(OutboxMessageEntity);
    const [row]: { accepted_until: Date }[] = await runSql(
      manager,
      `INSERT INTO ${this.#table} (id, accepted_until)
       VALUES (1, coalesce((SELECT min(accepted_at) - interval '1 second' FROM ${outbox}), $1))
       -- Changes nothing, but locks.
       ON CONFLICT (id) DO UPDATE SET id = excluded.id
       RETURNING accepted_until`,
      [due.toISOString()],
    );
    const added: AcceptedMessage[] = await runSql(
      manager,
      `SELECT message_id AS id, from_number AS "from", to_number AS "to", text, segments,
         accepted_at AS "acceptedAt"
       FROM ${outbox} AS outbox
       WHERE accepted_at > $1 AND accepted_at <= $2 AND status = 'accepted' AND NOT EXISTS (
         SELECT FROM ${this.database.table(MessageEntity)} AS message WHERE message.id = outbox.message_id
       )
       ORDER BY accepted_at LIMIT ${CHUNK_SIZE}`,
      [row?.accepted_until.toISOString(), due.toISOString()],
    );
    await this.messages.merge(added.map(acceptedMessage), manager);
    const isLast = added.length < CHUNK_SIZE;
    // Before the last one: others accepted at the same time may be left, and added ones are not found again.
    const until = isLast ? due : new Date((added.at(-1)?.acceptedAt ?? due).getTime() - 1);
    await runSql(
      manager,
      `UPDATE ${this.#table} SET accepted_until = greatest(accepted_until, $1::timestamptz)`,
      [until.toISOString()],
    );
    return isLast;
  }

  /** Records that Postack responds. */
  async markResponding(): Promise<void> {
    await this.database.query(
      `UPDATE ${this.#table} SET unanswered_since = NULL WHERE unanswered_since IS NOT NULL`,
    );
  }

  /** Records that Postack does not respond. @returns since when. */
  async markUnresponsive(now: Date): Promise<Date> {
    const [[row]]: [{ unanswered_since: Date }[], number] = await this.database.query(
      `UPDATE ${this.#table} SET unanswered_since = coalesce(unanswered_since, $1) RETURNING unanswered_since`,
      [now.toISOString()],
    );
    return row?.unanswered_since ?? now;
  }

  /** Adds to the results, in the transaction of `manager`. */
  async count(
    { asked, reconciled, expired }: Pick<DeliveryReconciliationEntity, 'asked' | 'reconciled' | 'expired'>,
    manager: EntityManager,
  ): Promise<void> {
    await runSql(
      manager,
      `UPDATE ${this.#table} SET asked = asked + $1, reconciled = reconciled + $2, expired = expired + $3`,
      [asked, reconciled, expired],
    );
  }

  get #table(): string {
    return this.database.table(DeliveryReconciliationEntity);
  }
}
