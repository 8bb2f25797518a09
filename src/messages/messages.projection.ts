import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { KNOWN_EVENTS, type KnownPostackEvent } from '../events/event-types.js';
import { PostackProjection, type Reinterpretation } from '../listeners/postack-projection.decorator.js';
import type { MessageEntity } from './message.entity.js';
import { mergeMessages, messageOf } from './message-state.js';
import { MessageStore } from './message-store.js';

/** Maintains one row for each SMS. */
@Injectable()
export class MessagesProjection {
  constructor(private readonly store: MessageStore) {}

  @PostackProjection(KNOWN_EVENTS, { name: 'messages', reinterprets: true })
  async project(
    events: readonly KnownPostackEvent[],
    manager: EntityManager,
    again?: Reinterpretation<KnownPostackEvent>,
  ): Promise<void> {
    const messages = new Map<string, MessageEntity>();
    for (const event of events) {
      const message = messageOf(event);
      const other = messages.get(message.id);
      messages.set(message.id, other ? mergeMessages(other, message) : message);
    }
    if (again) await this.store.replace(again.formerly, [...messages.values()], manager);
    else await this.store.merge([...messages.values()], manager);
  }
}
