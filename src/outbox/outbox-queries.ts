import { Injectable } from '@nestjs/common';
import type { SelectQueryBuilder } from 'typeorm';
import { normalizePhoneNumber } from '../events/phone-number.js';
import type { DeliveryState } from '../messages/delivery-state.js';
import { MessageEntity } from '../messages/message.entity.js';
import { isUuid, keysetPage, type Page, type PageRequest } from '../database/keyset-page.js';
import { PostackDatabase } from '../database/postack-database.js';
import type { HeldReason, OutboxCategory, OutboxStatus } from './outbox-message.js';
import { OutboxMessageEntity } from './outbox-message.entity.js';

/** Which outbound messages to list. */
export interface OutboxFilter extends PageRequest {
  status?: OutboxStatus;
  heldReason?: HeldReason;
  category?: OutboxCategory;
  /** Recipient, in any spelling of the number. */
  to?: string;
  /** Enqueued at or after this time. */
  since?: Date;
}

/** An outbound message with its delivery as reported by Postack's events. */
export interface OutboxMessage extends OutboxMessageEntity {
  /** The delivery state once Postack has accepted the message; `status` until then. */
  state: OutboxStatus | DeliveryState;
  /** Why the message was not delivered. */
  errorCode: string | null;
}

type Row = OutboxMessageEntity & { delivery?: MessageEntity | null };

/** Lists and finds outbound messages with their delivery states. */
@Injectable()
export class OutboxQueries {
  constructor(private readonly database: PostackDatabase) {}

  /** Newest first. @throws {InvalidCursorError} */
  async list({ status, heldReason, category, to, since, ...page }: OutboxFilter = {}): Promise<
    Page<OutboxMessage>
  > {
    const query = this.#query();
    if (status) query.andWhere('outbox.status = :status', { status });
    if (heldReason) query.andWhere('outbox.heldReason = :heldReason', { heldReason });
    if (category) query.andWhere('outbox.category = :category', { category });
    if (to !== undefined) query.andWhere('outbox.to = :to', { to: normalizePhoneNumber(to) });
    if (since) query.andWhere('outbox.createdAt >= :since', { since });
    const { items, nextCursor } = await keysetPage<OutboxMessageEntity, Row>(
      query,
      [
        { column: 'outbox.createdAt', type: 'timestamptz', of: ({ createdAt }) => createdAt },
        { column: 'outbox.id', type: 'uuid', of: ({ id }) => id },
      ],
      page,
    );
    return { items: items.map(withState), nextCursor };
  }

  /** The message with this id (`OutboxMessageEntity.id`); `null` when there is none. */
  async find(id: string): Promise<OutboxMessage | null> {
    if (!isUuid(id)) return null;
    const row = await this.#query().where('outbox.id = :id', { id }).getOne();
    return row && withState(row);
  }

  #query(): SelectQueryBuilder<OutboxMessageEntity> {
    return this.database
      .repository(OutboxMessageEntity)
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
