import type { EntityManager } from 'typeorm';
import type { PostackDatabase } from '../../database/postack-database.js';
import type { MessageEntity } from '../../messages/message.entity.js';
import { cursorAfter, messagePage, type MessageCursor } from '../message-pages.js';
import { ConversationEntryEntity } from '../rollups/conversation-entry.entity.js';
import { numbersOf, positionOf } from '../rollups/message-figures.js';
import { LOCK_CONVERSATIONS } from '../rollups/report-lock.js';
import { ReportOwnNumberEntity } from '../rollups/report-own-number.entity.js';
import { pauseAfter, type HourProgress } from './rebuild-progress.js';

/**
 * Rebuilds the positions in conversations of all counted messages of a period, and the own numbers. Entries without a
 * message are removed: it was deleted, or was changed while reports were disabled. Each page is a short transaction that
 * blocks other changes of conversations.
 */
export async function* rebuildConversations(
  from: Date,
  to: Date,
  database: PostackDatabase,
): AsyncGenerator<HourProgress> {
  for (let last: MessageCursor | undefined; ;) {
    const startedAt = performance.now();
    const page = await database.transaction(async (manager) => {
      // A statement of its own, so that the next ones see what the previous holder of the lock has committed.
      await manager.query(`SELECT ${LOCK_CONVERSATIONS}`);
      const messages = await messagePage(from, to, last, manager);
      await replaceEntries(
        messages.filter(({ isCounted }) => isCounted),
        last ?? { firstEventAt: from, id: '' },
        cursorAfter(messages) ?? { firstEventAt: to, id: '' },
        database.table(ConversationEntryEntity),
        manager,
      );
      return messages;
    });
    await addOwnNumbers(page, database);
    last = cursorAfter(page);
    yield { done: page.length, through: last?.firstEventAt ?? to };
    await pauseAfter(startedAt);
    if (!last) return;
  }
}

/** @param messages All counted messages after `after`, up to and including `upTo`. */
async function replaceEntries(
  messages: readonly MessageEntity[],
  after: MessageCursor,
  upTo: MessageCursor,
  table: string,
  manager: EntityManager,
): Promise<void> {
  const positions = messages.map(positionOf).filter((position) => position !== null);
  await manager.query(replaceEntriesSql(table), [
    positions.map(({ conversation }) => conversation),
    positions.map(({ entry }) => new Date(entry.atMs).toISOString()),
    positions.map(({ entry }) => entry.messageId),
    positions.map(({ entry }) => entry.isInbound),
    after.firstEventAt.toISOString(),
    after.id,
    upTo.firstEventAt.toISOString(),
    upTo.id,
  ]);
}

const replaceEntriesSql = (table: string) => `
  WITH p AS MATERIALIZED (
    SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::boolean[])
      AS p (conversation, at, message_id, is_inbound)
  ),
  removed AS (
    DELETE FROM ${table} e
    WHERE (e.at, e.message_id) > ($5::timestamptz, $6) AND (e.at, e.message_id) <= ($7::timestamptz, $8)
      AND (e.conversation, e.at, e.message_id, e.is_inbound) NOT IN (SELECT * FROM p)
  )
  INSERT INTO ${table} (conversation, at, message_id, is_inbound) SELECT * FROM p ON CONFLICT DO NOTHING`;

async function addOwnNumbers(
  messages: readonly MessageEntity[],
  { manager }: PostackDatabase,
): Promise<void> {
  const own = messages.map((message) => numbersOf(message).own).filter((facts) => facts !== null);
  const rows = [...new Map(own.map(({ key, number }) => [key, { key, number }])).values()];
  // In key order, like `addToReports`, to avoid deadlocks.
  rows.sort((a, b) => (a.key < b.key ? -1 : 1));
  if (rows.length === 0) return;
  await manager.createQueryBuilder().insert().into(ReportOwnNumberEntity).values(rows).orIgnore().execute();
}
