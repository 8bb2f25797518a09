import type { EntityManager } from 'typeorm';
import type { PostackDatabase } from '../../database/postack-database.js';
import type { MessageEntity } from '../../messages/message.entity.js';
import { tableName } from '../../database/table-name.js';
import { ConversationEntryEntity } from '../rollups/conversation-entry.entity.js';
import { lineOf, numbersOf } from '../rollups/message-figures.js';
import { endOf, messagePage, type MessagePlace } from '../message-pages.js';
import { restAfter, type HourProgress } from './rebuild-progress.js';
import { OWN_CONVERSATIONS } from '../rollups/report-lock.js';
import { ReportOwnNumberEntity } from '../rollups/report-own-number.entity.js';

/**
 * Gives every message of a period that counts its place in its conversation, removes places that none of them has (it has
 * been deleted, or has changed while no reports were kept), and names the own numbers. Each page in a short transaction in
 * which nobody else moves messages.
 */
export async function* placeMessages(
  from: Date,
  to: Date,
  database: PostackDatabase,
): AsyncGenerator<HourProgress> {
  for (let last: MessagePlace | undefined; ;) {
    const startedAt = performance.now();
    const page = await database.transaction(async (manager) => {
      // In a statement of its own: what it has waited for is seen by those that follow.
      await manager.query(`SELECT ${OWN_CONVERSATIONS}`);
      const messages = await messagePage(from, to, last, manager);
      await placePage(
        messages.filter(({ isCounted }) => isCounted),
        last ?? { firstEventAt: from, id: '' },
        endOf(messages) ?? { firstEventAt: to, id: '' },
        manager,
      );
      return messages;
    });
    await nameOwnNumbers(page, database);
    last = endOf(page);
    yield { done: page.length, through: last?.firstEventAt ?? to };
    await restAfter(startedAt);
    if (!last) return;
  }
}

/** The messages between two places are all there are that count. */
async function placePage(
  messages: readonly MessageEntity[],
  after: MessagePlace,
  upTo: MessagePlace,
  manager: EntityManager,
): Promise<void> {
  const table = tableName(manager.dataSource, ConversationEntryEntity);
  const lines = messages.map(lineOf).filter((line) => line !== null);
  await manager.query(
    `WITH p AS MATERIALIZED (
       SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::boolean[])
         AS p (conversation, at, message_id, is_inbound)
     ),
     removed AS (
       DELETE FROM ${table} e
       WHERE (e.at, e.message_id) > ($5::timestamptz, $6) AND (e.at, e.message_id) <= ($7::timestamptz, $8)
         AND (e.conversation, e.at, e.message_id, e.is_inbound) NOT IN (SELECT * FROM p)
     )
     INSERT INTO ${table} (conversation, at, message_id, is_inbound) SELECT * FROM p ON CONFLICT DO NOTHING`,
    [
      lines.map(({ conversation }) => conversation),
      lines.map(({ entry }) => new Date(entry.atMs).toISOString()),
      lines.map(({ entry }) => entry.messageId),
      lines.map(({ entry }) => entry.isInbound),
      after.firstEventAt.toISOString(),
      after.id,
      upTo.firstEventAt.toISOString(),
      upTo.id,
    ],
  );
}

async function nameOwnNumbers(
  messages: readonly MessageEntity[],
  { manager }: PostackDatabase,
): Promise<void> {
  const own = messages.map((message) => numbersOf(message).own).filter((facts) => facts !== null);
  const names = [...new Map(own.map(({ key, number }) => [key, { key, number }])).values()];
  // As `addToReports` does.
  names.sort((a, b) => (a.key < b.key ? -1 : 1));
  if (names.length === 0) return;
  await manager.createQueryBuilder().insert().into(ReportOwnNumberEntity).values(names).orIgnore().execute();
}
