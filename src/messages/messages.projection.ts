import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { KNOWN_EVENTS, type KnownPostackEvent } from '../events/event-types.js';
import { PostackProjection } from '../events/postack-projection.decorator.js';
import { tableName } from '../table-name.js';
import { MessageEntity } from './message.entity.js';
import { mergeMessages, messageOf } from './message-state.js';

/** Keeps one row for each SMS. */
@Injectable()
export class MessagesProjection {
  @PostackProjection(KNOWN_EVENTS, { name: 'messages' })
  async project(events: readonly KnownPostackEvent[], manager: EntityManager): Promise<void> {
    const messages = new Map<string, MessageEntity>();
    for (const event of events) {
      const message = messageOf(event);
      const other = messages.get(message.id);
      messages.set(message.id, other ? mergeMessages(other, message) : message);
    }
    const known = await this.#insertNew(inKeyOrder(messages.values()), manager);
    if (known.length === 0) return;
    // Locked in key order, so that two processes with overlapping batches wait for each other, not both.
    const stored = await manager
      .createQueryBuilder(MessageEntity, 'message')
      .where('message.id = ANY (:ids)', { ids: known.map(({ id }) => id) })
      .orderBy('message.id')
      .setLock('pessimistic_write')
      .getMany();
    await this.#update(
      stored.map((row) => mergeMessages(row, messages.get(row.id) ?? row)),
      manager,
    );
  }

  /** Inserts whatever has no row yet; returns the messages that have one. */
  async #insertNew(messages: MessageEntity[], manager: EntityManager): Promise<MessageEntity[]> {
    const rows: { id: string }[] = await manager.query(
      `INSERT INTO ${tableName(manager.dataSource, MessageEntity)} (${COLUMNS})
       SELECT ${COLUMNS} FROM ${UNNESTED}
       ON CONFLICT (id) DO NOTHING RETURNING id`,
      columnValues(messages),
    );
    const inserted = new Set(rows.map(({ id }) => id));
    return messages.filter(({ id }) => !inserted.has(id));
  }

  async #update(messages: MessageEntity[], manager: EntityManager): Promise<void> {
    await manager.query(
      `UPDATE ${tableName(manager.dataSource, MessageEntity)} AS message SET (${COLUMNS}) = (${NEW_COLUMNS})
       FROM ${UNNESTED} WHERE message.id = new.id`,
      columnValues(messages),
    );
  }
}

/** Column → its SQL type and its value: the one list for inserting and updating. */
const TABLE: Record<string, [type: string, value: (message: MessageEntity) => unknown]> = {
  id: ['text', ({ id }) => id],
  direction: ['text', ({ direction }) => direction],
  state: ['text', ({ state }) => state],
  state_at: ['timestamptz', ({ stateAt }) => stateAt.toISOString()],
  error_code: ['text', ({ errorCode }) => errorCode],
  conflict: ['boolean', ({ conflict }) => conflict],
  from_number: ['text', ({ from }) => from],
  to_number: ['text', ({ to }) => to],
  text: ['text', ({ text }) => text],
  segments: ['int', ({ segments }) => segments],
  history: ['jsonb', ({ history }) => JSON.stringify(history)],
  first_event_at: ['timestamptz', ({ firstEventAt }) => firstEventAt.toISOString()],
  last_event_at: ['timestamptz', ({ lastEventAt }) => lastEventAt.toISOString()],
};

const COLUMNS = Object.keys(TABLE).join(', ');
const NEW_COLUMNS = Object.keys(TABLE)
  .map((column) => `new.${column}`)
  .join(', ');
const ARRAYS = Object.values(TABLE).map(([type], index) => `$${index + 1}::${type}[]`);
const UNNESTED = `unnest(${ARRAYS.join(', ')}) AS new (${COLUMNS})`;

function columnValues(messages: readonly MessageEntity[]): unknown[][] {
  return Object.values(TABLE).map(([, value]) => messages.map(value));
}

/** By the bytes of the id, as PostgreSQL's "C" collation would; any fixed order will do. */
function inKeyOrder(messages: Iterable<MessageEntity>): MessageEntity[] {
  return [...messages].sort((a, b) => (a.id < b.id ? -1 : 1));
}
