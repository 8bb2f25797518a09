import type { EntityManager } from 'typeorm';
import { InboxEventEntity } from '../../inbox/inbox-event.entity.js';
import type { MessageEntity } from '../../messages/message.entity.js';
import { tableName } from '../../database/table-name.js';
import { conversationFigures } from '../rollups/conversation-figures.js';
import { moveInConversations, type Move } from '../rollups/conversation-lines.js';
import { subtractCounts, subtractDurations, subtractEvents } from './counted-already.js';
import { countInConversation, countMessage, lineOf } from '../rollups/message-figures.js';
import { messagePages } from '../message-pages.js';
import { restAfter, type Tell } from './rebuild-progress.js';
import { ReportDeltas } from '../rollups/report-deltas.js';
import { lockSettledSlot } from '../rollups/report-lock.js';
import { addToReports, SETTLED_SLOT } from '../rollups/report-store.js';

// In one snapshot, what should have been counted is compared with what has been, and the difference is added. Others
// may count meanwhile: they change messages, or events, and what is counted of them in one transaction, so the
// difference stays the same.

const EVENTS_AT_ONCE = 5000;

/** Counts the messages of an hour anew, in the transaction of `manager`, whose first statement has to be in here. */
export async function countMessages(from: Date, to: Date, manager: EntityManager, tell: Tell): Promise<void> {
  await lockSettledSlot(manager);
  const deltas = new ReportDeltas();
  let startedAt = performance.now();
  for await (const page of messagePages(from, to, manager)) {
    const counted = page.filter(({ isCounted }) => isCounted);
    for (const message of counted) countMessage(message, 1, deltas);
    await countConversations(counted, deltas, manager);
    tell({ done: page.length, through: page.at(-1)?.firstEventAt ?? to });
    await restAfter(startedAt);
    startedAt = performance.now();
  }
  await subtractCounts(from, to, deltas, manager);
  await subtractDurations(from, ['timeToDelivered', 'timeToFirstReply'], deltas, manager);
  // They have been named before; somebody else may have done so after this snapshot.
  deltas.ownNumbers.clear();
  await addToReports(deltas, manager, SETTLED_SLOT);
}

async function countConversations(
  page: readonly MessageEntity[],
  deltas: ReportDeltas,
  manager: EntityManager,
): Promise<void> {
  const moves = page.flatMap((message): Move[] => {
    const line = lineOf(message);
    return line ? [{ line, kind: 'keep' }] : [];
  });
  const entries = await moveInConversations(moves, manager);
  for (const [conversation, here] of Map.groupBy(moves, ({ line }) => line.conversation)) {
    const figures = conversationFigures(entries.get(conversation) ?? []);
    for (const { entry, places } of here.map(({ line }) => line)) {
      const own = figures.get(entry.messageId);
      if (own) countInConversation(new Date(entry.atMs), places, own, 1, deltas);
    }
  }
}

interface EventRow {
  id: string;
  /** As text: a `Date` has no microseconds. */
  place: string;
  received_at: Date;
  occurred_at: Date;
  is_dispatched: boolean;
}

/** Counts the events of an hour anew, in the transaction of `manager`, whose first statement has to be in here. */
export async function countEvents(from: Date, to: Date, manager: EntityManager, tell: Tell): Promise<void> {
  await lockSettledSlot(manager);
  const deltas = new ReportDeltas();
  for (let last = { id: '0', place: from.toISOString() }; ;) {
    const startedAt = performance.now();
    const rows: EventRow[] = await manager.query(
      `SELECT id, received_at::text AS place, received_at, occurred_at, dispatched_at IS NOT NULL AS is_dispatched
       FROM ${tableName(manager.dataSource, InboxEventEntity)}
       WHERE (received_at, id) > ($1::timestamptz, $2::bigint) AND received_at < $3
       ORDER BY received_at, id LIMIT ${EVENTS_AT_ONCE}`,
      [last.place, last.id, to],
    );
    for (const row of rows) if (row.is_dispatched) deltas.accepted(row.received_at, row.occurred_at);
    tell({ done: rows.length, through: rows.at(-1)?.received_at ?? to });
    await restAfter(startedAt);
    last = rows.at(-1) ?? last;
    if (rows.length < EVENTS_AT_ONCE) break;
  }
  await subtractEvents(from, to, deltas, manager);
  await subtractDurations(from, ['eventLag'], deltas, manager);
  await addToReports(deltas, manager, SETTLED_SLOT);
}
