import type { EntityManager } from 'typeorm';
import { InboxEventEntity } from '../../inbox/inbox-event.entity.js';
import type { MessageEntity } from '../../messages/message.entity.js';
import { tableName } from '../../database/table-name.js';
import { conversationFigures } from '../rollups/conversation-figures.js';
import { moveInConversations, type Move } from '../rollups/conversation-moves.js';
import { subtractCounts, subtractDurations, subtractEvents } from './subtract-counted.js';
import { countInConversation, countMessage, positionOf } from '../rollups/message-figures.js';
import { messagePages } from '../message-pages.js';
import { pauseAfter, type OnProgress } from './rebuild-progress.js';
import { ReportDeltas } from '../rollups/report-deltas.js';
import { lockMergedSlot } from '../rollups/report-lock.js';
import { addToReports, MERGED_SLOT } from '../rollups/report-store.js';

// On one snapshot, the expected counts are compared with the stored ones, and the difference is added. Concurrent
// transactions do not affect the difference: each changes messages or events together with their counts.

const PAGE_SIZE = 5000;

/** Corrects the message counts of an hour. Must execute the first statement of the transaction of `manager`. */
export async function countMessages(
  from: Date,
  to: Date,
  manager: EntityManager,
  onProgress: OnProgress,
): Promise<void> {
  await lockMergedSlot(manager);
  const deltas = new ReportDeltas();
  let startedAt = performance.now();
  for await (const page of messagePages(from, to, manager)) {
    const counted = page.filter(({ isCounted }) => isCounted);
    for (const message of counted) countMessage(message, 1, deltas);
    await countConversations(counted, deltas, manager);
    onProgress({ done: page.length, through: page.at(-1)?.firstEventAt ?? to });
    await pauseAfter(startedAt);
    startedAt = performance.now();
  }
  await subtractCounts(from, to, deltas, manager);
  await subtractDurations(from, ['timeToDelivered', 'timeToFirstReply'], deltas, manager);
  // Already added by `rebuildConversations`; this snapshot may not contain those that others have added since.
  deltas.ownNumbers.clear();
  await addToReports(deltas, manager, MERGED_SLOT);
}

async function countConversations(
  page: readonly MessageEntity[],
  deltas: ReportDeltas,
  manager: EntityManager,
): Promise<void> {
  const moves = page.flatMap((message): Move[] => {
    const position = positionOf(message);
    return position ? [{ position, kind: 'keep' }] : [];
  });
  const entries = await moveInConversations(moves, manager);
  for (const [conversation, here] of Map.groupBy(moves, ({ position }) => position.conversation)) {
    const figures = conversationFigures(entries.get(conversation) ?? []);
    for (const { entry, dimensions } of here.map(({ position }) => position)) {
      const own = figures.get(entry.messageId);
      if (own) countInConversation(new Date(entry.atMs), dimensions, own, 1, deltas);
    }
  }
}

interface EventRow {
  id: string;
  /** `received_at` as text: a `Date` has no microseconds. */
  cursor: string;
  received_at: Date;
  occurred_at: Date;
  is_dispatched: boolean;
}

/** Corrects the event counts of an hour. Must execute the first statement of the transaction of `manager`. */
export async function countEvents(
  from: Date,
  to: Date,
  manager: EntityManager,
  onProgress: OnProgress,
): Promise<void> {
  await lockMergedSlot(manager);
  const deltas = new ReportDeltas();
  for (let last = { id: '0', cursor: from.toISOString() }; ;) {
    const startedAt = performance.now();
    const rows: EventRow[] = await manager.query(
      `SELECT id, received_at::text AS cursor, received_at, occurred_at, dispatched_at IS NOT NULL AS is_dispatched
       FROM ${tableName(manager.dataSource, InboxEventEntity)}
       WHERE (received_at, id) > ($1::timestamptz, $2::bigint) AND received_at < $3
       ORDER BY received_at, id LIMIT ${PAGE_SIZE}`,
      [last.cursor, last.id, to],
    );
    for (const row of rows) if (row.is_dispatched) deltas.addEvent(row.received_at, row.occurred_at);
    onProgress({ done: rows.length, through: rows.at(-1)?.received_at ?? to });
    await pauseAfter(startedAt);
    last = rows.at(-1) ?? last;
    if (rows.length < PAGE_SIZE) break;
  }
  await subtractEvents(from, to, deltas, manager);
  await subtractDurations(from, ['eventLag'], deltas, manager);
  await addToReports(deltas, manager, MERGED_SLOT);
}
