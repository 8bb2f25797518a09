import type { PostackDatabase } from '../database/postack-database.js';
import { messageFacts } from './message-facts.js';
import { MessageEntity } from './message.entity.js';

/** Messages in one statement. */
const PAGE_SIZE = 1000;

const IS_UNFILLED = 'own_number_key IS NULL';

/** Whether there are messages from before the columns of `MessageFacts` existed. */
export async function hasUnfilledMessages(database: PostackDatabase): Promise<boolean> {
  const [row]: [{ exists: boolean }] = await database.query(
    `SELECT EXISTS (SELECT FROM ${database.table(MessageEntity)} WHERE ${IS_UNFILLED})`,
  );
  return row.exists;
}

/** Fills in the facts of messages whose first event happened in a period. */
export async function fillFacts(from: Date, to: Date, database: PostackDatabase): Promise<void> {
  for (let filled = PAGE_SIZE; filled === PAGE_SIZE;) {
    const messages: MessageEntity[] = await database.query(
      `SELECT id, direction, state, history, from_number AS "from", to_number AS "to"
       FROM ${database.table(MessageEntity)}
       WHERE ${IS_UNFILLED} AND first_event_at >= $1 AND first_event_at < $2 LIMIT ${PAGE_SIZE}`,
      [from, to],
    );
    if (messages.length > 0) await store(messages, database);
    filled = messages.length;
  }
}

async function store(messages: readonly MessageEntity[], database: PostackDatabase): Promise<void> {
  const table = database.table(MessageEntity);
  const facts = messages.map(messageFacts);
  // Locked in the order of `MessageStore`. A message that has been written meanwhile has got its facts.
  await database.query(
    `UPDATE ${table} m SET own_number_key = f.own_number_key, country = f.country, conversation = f.conversation,
       peer_prefix = f.peer_prefix, delivered_after_ms = f.delivered_after_ms
     FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::float8[])
       AS f (id, own_number_key, country, conversation, peer_prefix, delivered_after_ms)
     JOIN (SELECT id FROM ${table} WHERE id = ANY ($1) AND ${IS_UNFILLED} ORDER BY id FOR UPDATE) AS locked USING (id)
     WHERE m.id = f.id`,
    [
      messages.map(({ id }) => id),
      facts.map(({ ownNumberKey }) => ownNumberKey),
      facts.map(({ country }) => country),
      facts.map(({ conversation }) => conversation),
      facts.map(({ peerPrefix }) => peerPrefix),
      facts.map(({ deliveredAfterMs }) => deliveredAfterMs),
    ],
  );
}
