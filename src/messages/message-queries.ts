import { Injectable } from '@nestjs/common';
import { keysetPage, type Page, type PageRequest } from '../database/keyset-page.js';
import { PostackDatabase } from '../database/postack-database.js';
import type { DeliveryState } from './delivery-state.js';
import { MessageEntity } from './message.entity.js';

/** What to list. */
export interface MessageFilter extends PageRequest {
  direction?: 'inbound' | 'outbound';
  state?: DeliveryState;
  /** With an event at or after this time. */
  since?: Date;
}

/** Reads the messages: for the admin API, and for yours. */
@Injectable()
export class MessageQueries {
  constructor(private readonly database: PostackDatabase) {}

  /** Ordered by the latest event, newest first. @throws {InvalidCursorError} */
  list({ direction, state, since, ...page }: MessageFilter = {}): Promise<Page<MessageEntity>> {
    const query = this.database.repository(MessageEntity).createQueryBuilder('message');
    if (direction) query.andWhere('message.direction = :direction', { direction });
    if (state) query.andWhere('message.state = :state', { state });
    if (since) query.andWhere('message.lastEventAt >= :since', { since });
    return keysetPage(
      query,
      [
        { column: 'message.lastEventAt', type: 'timestamptz', of: ({ lastEventAt }) => lastEventAt },
        { column: 'message.id', type: 'text', of: ({ id }) => id },
      ],
      page,
    );
  }

  /** One message by Postack's id; `null` when no event was received for it. */
  find(id: string): Promise<MessageEntity | null> {
    return this.database.repository(MessageEntity).findOneBy({ id });
  }
}
