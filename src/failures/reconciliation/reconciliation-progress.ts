import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { MessageEntity } from '../../messages/message.entity.js';
import { acceptedMessage } from '../../messages/message-state.js';
import { MessageStore } from '../../messages/message-store.js';
import { PostackDatabase } from '../../database/postack-database.js';
import { OutboxMessageEntity } from '../../outbox/outbox-message.entity.js';
import { DeliveryReconciliationEntity } from './delivery-reconciliation.entity.js';

type AcceptedMessage = Parameters<typeof acceptedMessage>[0];

const ADOPTED_AT_ONCE = 1000;

/** How far the sweep is, and what it has come to. */
@Injectable()
export class ReconciliationProgress {
  readonly #sweep: string;
  readonly #outbox: string;
  readonly #messages: string;

  constructor(
    private readonly database: PostackDatabase,
    private readonly messages: MessageStore,
  ) {
    this.#sweep = database.table(DeliveryReconciliationEntity);
    this.#outbox = database.table(OutboxMessageEntity);
    this.#messages = database.table(MessageEntity);
  }

  /** Gives a row in `message` to whatever Postack had accepted by `due`, and never sent a single event of. */
  async adopt(due: Date): Promise<void> {
    while (!(await this.database.transaction((manager) => this.#adoptSome(due, manager))));
  }

  /** @returns whether that were all. */
  async #adoptSome(due: Date, manager: EntityManager): Promise<boolean> {
    const [row]: { accepted_until: Date }[] = await manager.query(
      `INSERT INTO ${this.#sweep} (id, accepted_until)
       VALUES (1, coalesce((SELECT min(accepted_at) - interval '1 second' FROM ${this.#outbox}), $1))
       -- Changes nothing, but locks.
       ON CONFLICT (id) DO UPDATE SET id = excluded.id
       RETURNING accepted_until`,
      [due.toISOString()],
    );
    const unheard: AcceptedMessage[] = await manager.query(
      `SELECT message_id AS id, from_number AS "from", to_number AS "to", text, segments,
         accepted_at AS "acceptedAt"
       FROM ${this.#outbox} AS outbox
       WHERE accepted_at > $1 AND accepted_at <= $2 AND status = 'accepted'
         AND NOT EXISTS (SELECT FROM ${this.#messages} AS message WHERE message.id = outbox.message_id)
       ORDER BY accepted_at LIMIT ${ADOPTED_AT_ONCE}`,
      [row?.accepted_until.toISOString(), due.toISOString()],
    );
    await this.messages.merge(unheard.map(acceptedMessage), manager);
    // Those have a row now: what was accepted at the same time as the last one is still seen.
    const isAll = unheard.length < ADOPTED_AT_ONCE;
    const until = isAll ? due : new Date((unheard.at(-1)?.acceptedAt ?? due).getTime() - 1);
    await manager.query(
      `UPDATE ${this.#sweep} SET accepted_until = greatest(accepted_until, $1::timestamptz)`,
      [until.toISOString()],
    );
    return isAll;
  }

  /** Postack answers. */
  async answered(): Promise<void> {
    await this.database.query(
      `UPDATE ${this.#sweep} SET unanswered_since = NULL WHERE unanswered_since IS NOT NULL`,
    );
  }

  /** Postack does not answer. @returns since when. */
  async unansweredSince(now: Date): Promise<Date> {
    const [[row]]: [{ unanswered_since: Date }[], number] = await this.database.query(
      `UPDATE ${this.#sweep} SET unanswered_since = coalesce(unanswered_since, $1) RETURNING unanswered_since`,
      [now.toISOString()],
    );
    return row?.unanswered_since ?? now;
  }

  /** Adds to what it has come to, in the transaction of `manager`. */
  async count(
    { asked, reconciled, expired }: Pick<DeliveryReconciliationEntity, 'asked' | 'reconciled' | 'expired'>,
    manager: EntityManager,
  ): Promise<void> {
    await manager.query(
      `UPDATE ${this.#sweep} SET asked = asked + $1, reconciled = reconciled + $2, expired = expired + $3`,
      [asked, reconciled, expired],
    );
  }
}
