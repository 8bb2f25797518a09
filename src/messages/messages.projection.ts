import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { KNOWN_EVENTS, type KnownPostackEvent } from '../events/event-types.js';
import { PostackProjection } from '../listeners/postack-projection.decorator.js';
import type { MessageEntity } from './message.entity.js';
import { mergeMessages, messageOf } from './message-state.js';
import { MessageStore } from './message-store.js';

/** Maintains one row for each SMS. */
@Injectable()
export class MessagesProjection {
  constructor(private readonly store: MessageStore) {}

  @PostackProjection(KNOWN_EVENTS, { name: 'messages' })
  async project(events: readonly KnownPostackEvent[], manager: EntityManager): Promise<void> {
    const messages = new Map<string, MessageEntity>();
    for (const event of events) {
      const message = messageOf(event);
      const other = messages.get(message.id);
      messages.set(message.id, other ? mergeMessages(other, message) : message);
    }
    await this.store.merge([...messages.values()], manager);
  }
}
