import { Inject, Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { MessageEntity } from '../messages/message.entity.js';
import { POSTACK_DATA_SOURCE } from '../postack.data-source.js';
import { OutboxMessageEntity } from '../replies/outbox/outbox-message.entity.js';
import { tableName } from '../table-name.js';
import { ReceiptSweepEntity } from './receipt-sweep.entity.js';

/** How far the sweep is, and what it has come to. */
@Injectable()
export class SweepProgress {
  readonly #sweep: string;
  readonly #outbox: string;
  readonly #messages: string;

  constructor(@Inject(POSTACK_DATA_SOURCE) private readonly dataSource: DataSource) {
    this.#sweep = tableName(dataSource, ReceiptSweepEntity);
    this.#outbox = tableName(dataSource, OutboxMessageEntity);
    this.#messages = tableName(dataSource, MessageEntity);
  }

  /** Gives a row in `message` to whatever Postack had accepted by `due`, and never sent a single event of. */
  async adopt(due: Date): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const [row]: { accepted_until: Date }[] = await manager.query(
        `INSERT INTO ${this.#sweep} (id, accepted_until)
         VALUES (1, coalesce((SELECT min(accepted_at) - interval '1 second' FROM ${this.#outbox}), $1))
         -- Changes nothing, but locks.
         ON CONFLICT (id) DO UPDATE SET id = excluded.id
         RETURNING accepted_until`,
        [due.toISOString()],
      );
      await manager.query(
        `INSERT INTO ${this.#messages} (id, direction, state, state_at, conflict, from_number, to_number, text, segments,
           history, first_event_at, last_event_at)
         SELECT message_id, 'outbound', 'accepted', at, false, from_number, to_number, text, segments,
           jsonb_build_array(jsonb_build_object('state', 'accepted', 'eventId', 'outbox', 'errorCode', NULL,
             'at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))), at, at
         FROM (SELECT *, accepted_at AS at FROM ${this.#outbox}) AS outbox
         WHERE accepted_at > $1 AND accepted_at <= $2 AND status = 'accepted'
         ORDER BY message_id
         ON CONFLICT (id) DO NOTHING`,
        [row?.accepted_until.toISOString(), due.toISOString()],
      );
      await manager.query(
        `UPDATE ${this.#sweep} SET accepted_until = greatest(accepted_until, $1::timestamptz)`,
        [due.toISOString()],
      );
    });
  }

  /** Adds to what it has come to, in the transaction of `manager`. */
  async count(
    { asked, repaired, expired }: Pick<ReceiptSweepEntity, 'asked' | 'repaired' | 'expired'>,
    manager: EntityManager,
  ): Promise<void> {
    await manager.query(
      `UPDATE ${this.#sweep} SET asked = asked + $1, repaired = repaired + $2, expired = expired + $3`,
      [asked, repaired, expired],
    );
  }
}
