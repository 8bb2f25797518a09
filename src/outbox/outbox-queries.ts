import { Inject, Injectable } from '@nestjs/common';
import type { DataSource, SelectQueryBuilder } from 'typeorm';
import { normalizePhoneNumber } from '../events/phone-number.js';
import type { DeliveryState } from '../messages/delivery-state.js';
import { MessageEntity } from '../messages/message.entity.js';
import { decodeCursor, encodeCursor, InvalidCursorError, type Page } from '../database/paging.js';
import { POSTACK_DATA_SOURCE } from '../database/data-source.js';
import type { HeldReason, OutboxCategory, OutboxStatus } from './outbox-message.js';
import { OutboxMessageEntity } from './outbox-message.entity.js';

/** What to list. */
export interface OutboxFilter {
  status?: OutboxStatus;
  heldReason?: HeldReason;
  category?: OutboxCategory;
  /** Only what goes to this number. */
  to?: string;
  /** Enqueued at or after. */
  since?: Date;
  /** Page size. Default 50. */
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
}

/** An outbound message, with what Postack's events tell of its delivery. */
export interface OutboxMessage extends OutboxMessageEntity {
  /** Of the delivery, once Postack has accepted it; `status` until then. */
  state: OutboxStatus | DeliveryState;
  /** Why it was not delivered. */
  errorCode: string | null;
}

/** With what an event has told of it: maybe before Postack's answer to the request had been recorded. */
type Row = OutboxMessageEntity & { delivery?: MessageEntity | null };

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** The outbound messages and where they stand: for the admin API, and for yours. */
@Injectable()
export class OutboxQueries {
  constructor(@Inject(POSTACK_DATA_SOURCE) private readonly dataSource: DataSource) {}

  /** Those enqueued last first. @throws {InvalidCursorError} */
  async list({ status, heldReason, category, to, since, limit = 50, cursor }: OutboxFilter = {}): Promise<
    Page<OutboxMessage>
  > {
    const query = this.#query()
      .orderBy({ 'outbox.createdAt': 'DESC', 'outbox.id': 'DESC' })
      .limit(limit + 1);
    if (status) query.andWhere('outbox.status = :status', { status });
    if (heldReason) query.andWhere('outbox.heldReason = :heldReason', { heldReason });
    if (category) query.andWhere('outbox.category = :category', { category });
    if (to !== undefined) query.andWhere('outbox.to = :to', { to: normalizePhoneNumber(to) });
    if (since) query.andWhere('outbox.createdAt >= :since', { since });
    if (cursor !== undefined) {
      const { at, id } = decodeCursor(cursor, ['at', 'id']);
      if (Number.isNaN(Date.parse(at)) || !UUID.test(id)) throw new InvalidCursorError();
      query.andWhere('(outbox.createdAt, outbox.id) < (:at::timestamptz, :id::uuid)', { at, id });
    }
    const rows = (await query.getMany()) as Row[];
    const items = rows.slice(0, limit).map(withState);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return {
      items,
      nextCursor: last ? encodeCursor({ at: last.createdAt.toISOString(), id: last.id }) : null,
    };
  }

  /** One message by its id in the outbox; `null` when there is none. */
  async find(id: string): Promise<OutboxMessage | null> {
    if (!UUID.test(id)) return null;
    const row = await this.#query().where('outbox.id = :id', { id }).getOne();
    return row && withState(row);
  }

  #query(): SelectQueryBuilder<OutboxMessageEntity> {
    return this.dataSource
      .getRepository(OutboxMessageEntity)
      .createQueryBuilder('outbox')
      .leftJoinAndMapOne('outbox.delivery', MessageEntity, 'delivery', 'delivery.id = outbox.messageId');
  }
}

function withState({ delivery, ...message }: Row): OutboxMessage {
  return {
    ...message,
    state: message.status === 'accepted' ? (delivery?.state ?? 'accepted') : message.status,
    errorCode: delivery?.errorCode ?? null,
  };
}
