import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { decodeCursor, encodeCursor, InvalidCursorError, type Page } from '../database/paging.js';
import { POSTACK_DATA_SOURCE } from '../database/data-source.js';
import type { DeliveryState } from './delivery-state.js';
import { MessageEntity } from './message.entity.js';

/** What to list. */
export interface MessageFilter {
  direction?: 'inbound' | 'outbound';
  state?: DeliveryState;
  /** With an event at or after. */
  since?: Date;
  /** Page size. Default 50. */
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
}

/** What `Date.toISOString` gives, which is what a cursor is made of. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** The messages that the events tell of: for the admin API, and for yours. */
@Injectable()
export class MessageQueries {
  constructor(@Inject(POSTACK_DATA_SOURCE) private readonly dataSource: DataSource) {}

  /** Those with the latest event first. @throws {InvalidCursorError} */
  async list({ direction, state, since, limit = 50, cursor }: MessageFilter = {}): Promise<
    Page<MessageEntity>
  > {
    const query = this.dataSource
      .getRepository(MessageEntity)
      .createQueryBuilder('message')
      .orderBy({ 'message.lastEventAt': 'DESC', 'message.id': 'DESC' })
      .limit(limit + 1);
    if (direction) query.andWhere('message.direction = :direction', { direction });
    if (state) query.andWhere('message.state = :state', { state });
    if (since) query.andWhere('message.lastEventAt >= :since', { since });
    if (cursor !== undefined) {
      const { at, id } = decodeCursor(cursor, ['at', 'id']);
      if (!ISO_TIME.test(at) || Number.isNaN(Date.parse(at)) || id.includes('\0'))
        throw new InvalidCursorError();
      query.andWhere('(message.lastEventAt, message.id) < (:at::timestamptz, :id)', { at, id });
    }
    const rows = await query.getMany();
    const items = rows.slice(0, limit);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return {
      items,
      nextCursor: last ? encodeCursor({ at: last.lastEventAt.toISOString(), id: last.id }) : null,
    };
  }

  /** One message by Postack's id; `null` when no event has told of it. */
  find(id: string): Promise<MessageEntity | null> {
    return this.dataSource.getRepository(MessageEntity).findOneBy({ id });
  }
}
