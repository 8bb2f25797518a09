import type { EntityManager } from 'typeorm';
import { queryPrepared } from '../../database/query-prepared.js';
import { tableName } from '../../database/table-name.js';
import { ConversationEntryEntity } from './conversation-entry.entity.js';
import type { ConversationEntry } from './conversation-figures.js';
import { moveEntriesSql } from './conversation-moves.sql.js';
import type { ConversationPosition } from './message-figures.js';
import { LOCK_CONVERSATIONS_SHARED } from './report-lock.js';

/** First keys of the advisory locks, arbitrary numbers not used otherwise: one lock per conversation, one for all. */
const LOCK_SPACE = 0x636f6e76;
const WHOLE_LOCK = '1668247159, 0';

/** Number of locks that conversations are mapped to: large enough that different conversations rarely collide. */
const LOCKS = 2 ** 20;

/** The lock table of PostgreSQL holds some thousand locks: larger transactions take the lock for all conversations. */
const MAX_LOCKS = 500;

interface EntryRow {
  conversation: string;
  is_inbound: boolean;
  at_ms: number;
  message_id: string;
}

/** A change of the position of a message in its conversation; `keep`: no change. */
export interface Move {
  position: ConversationPosition;
  kind: 'add' | 'remove' | 'keep';
}

/**
 * Prevents other transactions from changing the same conversations until this one ends, because the metrics depend on
 * entries that others may be adding. Locks are taken in a fixed order to avoid deadlocks.
 */
export async function lockConversations(moves: readonly Move[], manager: EntityManager): Promise<void> {
  const conversations = [...new Set(moves.map(({ position }) => position.conversation))];
  const isSingly = conversations.length <= MAX_LOCKS;
  await queryPrepared(
    manager,
    `SELECT ${LOCK_CONVERSATIONS_SHARED} UNION ALL
     SELECT pg_advisory_xact_lock${isSingly ? '_shared' : ''}(${WHOLE_LOCK}) UNION ALL
     SELECT pg_advisory_xact_lock(${LOCK_SPACE}, lock::int) FROM (
       SELECT DISTINCT abs(conversation % ${LOCKS}) AS lock FROM unnest($1::bigint[]) AS conversation ORDER BY lock
     ) AS locks`,
    [isSingly ? conversations : []],
  );
}

/**
 * Adds messages to their conversations or removes them, and resolves to the neighbours that were stored before, by
 * conversation: all entries that the metrics of the moved messages depend on, and all entries whose metrics the moves
 * change. These are the previous and the next message, the previous and the next outbound message, and the inbound
 * messages that an outbound one replies to. A few index lookups per message, however long the conversation is.
 */
export async function moveInConversations(
  moves: readonly Move[],
  manager: EntityManager,
): Promise<Map<string, ConversationEntry[]>> {
  const table = tableName(manager.dataSource, ConversationEntryEntity);
  const rows = await queryPrepared<EntryRow>(manager, moveEntriesSql(table), [
    moves.map(({ position }) => position.conversation),
    moves.map(({ position }) => new Date(position.entry.atMs).toISOString()),
    moves.map(({ position }) => position.entry.messageId),
    moves.map(({ position }) => position.entry.isInbound),
    moves.map(({ kind }) => kind),
  ]);
  const entries = Map.groupBy(rows, ({ conversation }) => conversation);
  return new Map([...entries].map(([conversation, list]) => [conversation, list.map(entryOf)]));
}

function entryOf({ message_id, is_inbound, at_ms }: EntryRow): ConversationEntry {
  return { messageId: message_id, isInbound: is_inbound, atMs: Math.round(at_ms) };
}
