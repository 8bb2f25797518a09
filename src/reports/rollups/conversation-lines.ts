import type { EntityManager } from 'typeorm';
import { tableName } from '../../database/table-name.js';
import { ConversationEntryEntity } from './conversation-entry.entity.js';
import { CONVERSATION_GAP_MS, REPLY_WINDOW_MS, type ConversationEntry } from './conversation-figures.js';
import type { Line } from './message-figures.js';
import { SHARE_CONVERSATIONS } from './report-lock.js';

/** Any numbers that nobody else uses as the first of a pair: one lock for each conversation, and one for all of them. */
const LOCK_SPACE = 0x636f6e76;
const WHOLE_LOCK = '1668247159, 0';

/** So many that two batches at once hardly ever meet but in the same conversation. */
const LOCKS = 2 ** 20;

/** PostgreSQL has room for some thousand locks of all transactions: who needs more than this takes the one for all. */
const MAX_LOCKS = 500;

/** Of two messages at the same time, the first one is the same here as in `conversationFigures`, whatever the locale. */
const BY_BYTES = 'COLLATE "C"';

interface EntryRow {
  conversation: string;
  is_inbound: boolean;
  at_ms: number;
  message_id: string;
}

/** What becomes of a message in its conversation; `keep`: nothing. */
export interface Move {
  line: Line;
  kind: 'add' | 'remove' | 'keep';
}

/**
 * Keeps others, until the transaction ends, from changing the same conversations: whoever adds a message has to see
 * the one that somebody else is adding. In one order, so that two transactions wait for each other, not both.
 */
export async function lockConversations(moves: readonly Move[], manager: EntityManager): Promise<void> {
  const conversations = [...new Set(moves.map(({ line }) => line.conversation))];
  const isSingly = conversations.length <= MAX_LOCKS;
  await manager.query(
    `SELECT ${SHARE_CONVERSATIONS} UNION ALL
     SELECT pg_advisory_xact_lock${isSingly ? '_shared' : ''}(${WHOLE_LOCK}) UNION ALL
     SELECT pg_advisory_xact_lock(${LOCK_SPACE}, lock::int) FROM (
       SELECT DISTINCT abs(conversation % ${LOCKS}) AS lock FROM unnest($1::bigint[]) AS conversation ORDER BY lock
     ) AS locks`,
    [isSingly ? conversations : []],
  );
}

/**
 * Puts messages into their conversations, or takes them out, and resolves to the neighbours that were stored there
 * before, by conversation: all on which the figures of those moved depend, and of those whose figures the moves change.
 * These are the one before and the one after, the outbound ones before and after, and the inbound messages that an
 * outbound one is the reply to. A few index look-ups for each, however long the conversation.
 */
export async function moveInConversations(
  moves: readonly Move[],
  manager: EntityManager,
): Promise<Map<string, ConversationEntry[]>> {
  const table = tableName(manager.dataSource, ConversationEntryEntity);
  const next = (way: 'before' | 'after', condition = '') => {
    const [compared, order, within] =
      way === 'before'
        ? ['<', 'DESC', `e.at >= p.at - interval '${CONVERSATION_GAP_MS} ms'`]
        : ['>', 'ASC', `e.at <= p.at + interval '${REPLY_WINDOW_MS} ms'`];
    return `(SELECT e.* FROM ${table} e WHERE e.conversation = p.conversation
      AND (e.at, e.message_id ${BY_BYTES}) ${compared} (p.at, p.message_id ${BY_BYTES}) AND ${within} ${condition}
      ORDER BY e.at ${order}, e.message_id ${BY_BYTES} ${order} LIMIT 1)`;
  };
  const rows: EntryRow[] = await manager.query(
    `WITH p AS MATERIALIZED (
       SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::boolean[], $5::text[])
         AS p (conversation, at, message_id, is_inbound, kind)
     ),
     removed AS (
       DELETE FROM ${table} e USING p WHERE p.kind = 'remove'
         AND (e.conversation, e.at, e.message_id) = (p.conversation, p.at, p.message_id)
     ),
     added AS (
       INSERT INTO ${table} (conversation, at, message_id, is_inbound)
       SELECT conversation, at, message_id, is_inbound FROM p WHERE kind = 'add' ON CONFLICT DO NOTHING
     )
     SELECT DISTINCT e.conversation, e.is_inbound, extract(epoch FROM e.at)::float8 * 1000 AS at_ms, e.message_id
     FROM p
     LEFT JOIN LATERAL ${next('before', 'AND NOT e.is_inbound AND NOT p.is_inbound')} AS last ON true
     CROSS JOIN LATERAL (
       SELECT last.* UNION ALL
       ${next('before')} UNION ALL ${next('after')} UNION ALL ${next('after', 'AND NOT e.is_inbound')} UNION ALL
       SELECT e.* FROM ${table} e WHERE p.kind <> 'add'
         AND (e.conversation, e.at, e.message_id) = (p.conversation, p.at, p.message_id) UNION ALL
       SELECT e.* FROM ${table} e WHERE NOT p.is_inbound AND e.conversation = p.conversation AND e.is_inbound
         AND e.at <= p.at AND e.at >= coalesce(last.at, p.at - interval '${REPLY_WINDOW_MS} ms')
     ) AS e WHERE e.at IS NOT NULL`,
    [
      moves.map(({ line }) => line.conversation),
      moves.map(({ line }) => new Date(line.entry.atMs).toISOString()),
      moves.map(({ line }) => line.entry.messageId),
      moves.map(({ line }) => line.entry.isInbound),
      moves.map(({ kind }) => kind),
    ],
  );
  const entries = Map.groupBy(rows, ({ conversation }) => conversation);
  return new Map([...entries].map(([conversation, list]) => [conversation, list.map(entryOf)]));
}

function entryOf({ message_id, is_inbound, at_ms }: EntryRow): ConversationEntry {
  return { messageId: message_id, isInbound: is_inbound, atMs: Math.round(at_ms) };
}
