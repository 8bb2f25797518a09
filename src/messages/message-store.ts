import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runPreparedSql } from '../database/run-sql.js';
import { tableName } from '../database/table-name.js';
import { isUnsettled, type DeliveryFact } from './delivery-state.js';
import { messageFacts, type MessageFacts } from './message-facts.js';
import { MessageEntity } from './message.entity.js';
import type { KnownPostackEvent } from '../events/event-types.js';
import { mergeMessages, withoutReports } from './message-state.js';

/** The change of a message's row; `before` is `null` when it is new, `after` when nothing is known about it any more. */
export interface MessageChange {
  before: MessageEntity | null;
  after: MessageEntity | null;
}

/** Writes consequences of changes, in the same transaction. An error rolls the changes back. */
export type MessageChangeObserver = (
  changes: readonly MessageChange[],
  manager: EntityManager,
) => Promise<void>;

/** The only way to change message rows: every report about a message is merged into its row. */
@Injectable()
export class MessageStore {
  readonly #observers: MessageChangeObserver[] = [];

  /** Registers an observer. */
  onChange(observer: MessageChangeObserver): void {
    this.#observers.push(observer);
  }

  /** Merges messages with different ids, in the transaction of `manager`. */
  async merge(messages: readonly MessageEntity[], manager: EntityManager): Promise<MessageChange[]> {
    if (messages.length === 0) return [];
    const changes = await this.#store(byId(messages), manager);
    for (const observer of this.#observers) await observer(changes, manager);
    return changes;
  }

  /**
   * Replaces what events said about messages by what they say now, in the transaction of `manager`.
   *
   * @param formerly The events as they were merged before.
   * @param messages The messages according to their new readings, with different ids.
   */
  async replace(
    formerly: readonly KnownPostackEvent[],
    messages: readonly MessageEntity[],
    manager: EntityManager,
  ): Promise<void> {
    const reports = Map.groupBy(formerly, ({ messageId }) => messageId ?? '');
    const now = byId(messages);
    const stored = await this.#lock([...reports.keys(), ...now.keys()], manager);
    const reduced = stored
      .filter(({ id }) => reports.has(id))
      .map((before) => ({
        before,
        rest: withoutReports(before, reports.get(before.id) ?? [], now.get(before.id)),
      }));
    const rests = reduced.flatMap(({ rest }) => (rest ? withFacts(rest) : []));
    const gone = reduced.filter(({ rest }) => !rest).map(({ before }) => before.id);
    if (gone.length > 0) await manager.delete(MessageEntity, gone);
    if (rests.length > 0) await this.#update(rests, manager);
    const written = now.size > 0 ? await this.#store(now, manager) : [];
    const after = byId(rests);
    for (const change of written) if (change.after) after.set(change.after.id, change.after);
    const before = new Map(reduced.map((one) => [one.before.id, one.before]));
    for (const change of written) {
      if (change.before && !before.has(change.before.id)) before.set(change.before.id, change.before);
    }
    const changes = [...new Set([...before.keys(), ...after.keys()])].map((id) => ({
      before: before.get(id) ?? null,
      after: after.get(id) ?? null,
    }));
    if (changes.length > 0) for (const observer of this.#observers) await observer(changes, manager);
  }

  /**
   * Adds facts to a message in a non-terminal state, in the transaction of `manager`, by the same reducer as events.
   *
   * @returns the message after the change; `null` when it has reached a terminal state, and nothing was added.
   */
  async addFacts(
    id: string,
    facts: readonly DeliveryFact[],
    manager: EntityManager,
  ): Promise<MessageEntity | null> {
    const message = await manager.findOne(MessageEntity, {
      where: { id },
      lock: { mode: 'pessimistic_write' },
    });
    if (!message || !isUnsettled(message.state)) return null;
    const [change] = await this.merge(
      [Object.assign(new MessageEntity(), message, { history: [...facts], reports: null })],
      manager,
    );
    return change?.after ?? null;
  }

  async #store(
    messages: ReadonlyMap<string, MessageEntity>,
    manager: EntityManager,
  ): Promise<MessageChange[]> {
    const known = await this.#insertNew(inKeyOrder(messages.values()), manager);
    const knownIds = new Set(known.map(({ id }) => id));
    const inserted = [...messages.values()].filter(({ id }) => !knownIds.has(id));
    const changes: MessageChange[] = inserted.map((after) => ({ before: null, after }));
    if (known.length === 0) return changes;
    const stored = await this.#lock(
      known.map(({ id }) => id),
      manager,
    );
    const updates = stored.map((row) => ({
      before: row,
      after: withFacts(mergeMessages(row, messages.get(row.id) ?? row)),
    }));
    await this.#update(
      updates.map(({ after }) => after),
      manager,
    );
    return [...changes, ...updates];
  }

  /** Locked in key order, so that two processes with overlapping batches wait for each other, not both. */
  #lock(ids: readonly string[], manager: EntityManager): Promise<MessageEntity[]> {
    return manager
      .createQueryBuilder(MessageEntity, 'message')
      .addSelect(FACTS.map((name) => `message.${name}`))
      .where('message.id = ANY (:ids)', { ids })
      .orderBy('message.id')
      .setLock('pessimistic_write')
      .getMany();
  }

  /** Inserts messages without a row; returns those that have one. */
  async #insertNew(messages: MessageEntity[], manager: EntityManager): Promise<MessageEntity[]> {
    const rows = await runPreparedSql<{ id: string }>(
      manager,
      `INSERT INTO ${tableName(manager, MessageEntity)} (${COLUMNS})
       SELECT ${COLUMNS} FROM ${UNNESTED}
       ON CONFLICT (id) DO NOTHING RETURNING id`,
      columnValues(messages),
    );
    const inserted = new Set(rows.map(({ id }) => id));
    return messages.filter(({ id }) => !inserted.has(id));
  }

  async #update(messages: MessageEntity[], manager: EntityManager): Promise<void> {
    await runPreparedSql(
      manager,
      `UPDATE ${tableName(manager, MessageEntity)} AS message SET (${COLUMNS}) = (${NEW_COLUMNS})
       FROM ${UNNESTED} WHERE message.id = new.id`,
      columnValues(messages),
    );
  }
}

/** The columns that are not selected by default. */
const FACTS: readonly (keyof MessageFacts | 'reports')[] = [
  'reports',
  'ownNumberKey',
  'country',
  'conversation',
  'peerPrefix',
  'deliveredAfterMs',
];

function byId(messages: readonly MessageEntity[]): Map<string, MessageEntity> {
  return new Map(messages.map((message) => [message.id, withFacts(message)]));
}

function withFacts(message: MessageEntity): MessageEntity {
  return Object.assign(message, messageFacts(message));
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
  reports: ['jsonb', ({ reports }) => (reports ? JSON.stringify(reports) : null)],
  first_event_at: ['timestamptz', ({ firstEventAt }) => firstEventAt.toISOString()],
  last_event_at: ['timestamptz', ({ lastEventAt }) => lastEventAt.toISOString()],
  own_number_key: ['text', ({ ownNumberKey }) => ownNumberKey],
  country: ['text', ({ country }) => country],
  conversation: ['bigint', ({ conversation }) => conversation],
  peer_prefix: ['text', ({ peerPrefix }) => peerPrefix],
  delivered_after_ms: ['float8', ({ deliveredAfterMs }) => deliveredAfterMs],
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
