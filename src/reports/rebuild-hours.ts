import type { DataSource, EntityManager } from 'typeorm';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { MessageEntity } from '../messages/message.entity.js';
import { tableName } from '../table-name.js';
import { conversationFigures } from './conversation-figures.js';
import { moveInConversations, type Move } from './conversation-lines.js';
import { countInConversation, countMessage, lineOf } from './message-figures.js';
import { messagePages } from './message-pages.js';
import { countQuarantined } from './quarantined-events.js';
import { ReportCountEntity } from './report-count.entity.js';
import { ReportDeltas } from './report-deltas.js';
import { ReportDurationEntity } from './report-duration.entity.js';
import { ReportEventEntity } from './report-event.entity.js';
import { OWN_REPORTS } from './report-lock.js';
import { addToReports } from './report-store.js';
import { HOUR_MS, hourOf } from './report-time.js';

/** What is made anew: the messages' places in their conversations, what is counted of messages, or of events. */
export type RebuiltFigures = 'conversations' | 'counts' | 'events';

const EVENTS_AT_ONCE = 5000;

/** Makes one hour of figures anew, each in a transaction that nobody else changes them in. */
export class RebuildHours {
  constructor(private readonly dataSource: DataSource) {}

  /** The first hour from a time on that has anything to be counted, or counted already; `null` after the last one. */
  async next(figures: RebuiltFigures, fromMs: number): Promise<number | null> {
    const table = (entity: new () => object) => tableName(this.dataSource, entity);
    const sources = {
      conversations: [`min(first_event_at) AS at FROM ${table(MessageEntity)} WHERE first_event_at`],
      counts: [
        `min(first_event_at) AS at FROM ${table(MessageEntity)} WHERE first_event_at`,
        `min(bucket) FROM ${table(ReportCountEntity)} WHERE dimension = 'total' AND bucket`,
      ],
      events: [
        `min(received_at) AS at FROM ${table(InboxEventEntity)} WHERE received_at`,
        `min(bucket) FROM ${table(ReportEventEntity)} WHERE bucket`,
      ],
    }[figures];
    const earliest = sources.map((source) => `SELECT ${source} >= $1`).join(' UNION ALL ');
    const from = Number.isFinite(fromMs) ? new Date(fromMs) : new Date(0);
    const [row]: { at: Date | null }[] = await this.dataSource.query(
      `SELECT min(at) AS at FROM (${earliest}) AS earliest`,
      [from],
    );
    return row?.at ? hourOf(row.at) : null;
  }

  /** Resolves to the number of messages or events in the hour. */
  rebuild(figures: RebuiltFigures, hourMs: number): Promise<number> {
    const [from, to] = [new Date(hourMs), new Date(hourMs + HOUR_MS)];
    return this.dataSource.transaction('READ COMMITTED', async (manager) => {
      // In a statement of its own: what it has waited for is seen by those that follow.
      await manager.query(`SELECT ${OWN_REPORTS}`);
      if (figures === 'conversations') return placeMessages(from, to, manager);
      return figures === 'counts' ? countMessages(from, to, manager) : countEvents(from, to, manager);
    });
  }
}

async function placeMessages(from: Date, to: Date, manager: EntityManager): Promise<number> {
  let done = 0;
  for await (const page of messagePages(from, to, manager)) {
    await moveInConversations(movesOf(page, 'add'), manager);
    done += page.length;
  }
  return done;
}

async function countMessages(from: Date, to: Date, manager: EntityManager): Promise<number> {
  const { dataSource } = manager;
  await manager.query(
    `DELETE FROM ${tableName(dataSource, ReportCountEntity)} WHERE bucket >= $1 AND bucket < $2`,
    [from, to],
  );
  await manager.query(
    `DELETE FROM ${tableName(dataSource, ReportDurationEntity)}
     WHERE duration IN ('timeToDelivered', 'timeToFirstReply') AND hour = $1`,
    [from],
  );
  const deltas = new ReportDeltas();
  let done = 0;
  for await (const page of messagePages(from, to, manager)) {
    for (const message of page) countMessage(message, 1, deltas);
    await countConversations(page, deltas, manager);
    done += page.length;
  }
  await addToReports(deltas, manager);
  return done;
}

async function countConversations(
  page: readonly MessageEntity[],
  deltas: ReportDeltas,
  manager: EntityManager,
): Promise<void> {
  const moves = movesOf(page, 'keep');
  const entries = await moveInConversations(moves, manager);
  for (const [conversation, here] of Map.groupBy(moves, ({ line }) => line.conversation)) {
    const figures = conversationFigures(entries.get(conversation) ?? []);
    for (const { entry, places } of here.map(({ line }) => line)) {
      const own = figures.get(entry.messageId);
      if (own) countInConversation(new Date(entry.atMs), places, own, 1, deltas);
    }
  }
}

function movesOf(page: readonly MessageEntity[], kind: Move['kind']): Move[] {
  return page.flatMap((message) => {
    const line = lineOf(message);
    return line ? [{ line, kind }] : [];
  });
}

async function countEvents(from: Date, to: Date, manager: EntityManager): Promise<number> {
  const { dataSource } = manager;
  await manager.query(
    `UPDATE ${tableName(dataSource, ReportEventEntity)} SET accepted = 0, quarantined = 0
     WHERE bucket >= $1 AND bucket < $2`,
    [from, to],
  );
  await manager.query(
    `DELETE FROM ${tableName(dataSource, ReportDurationEntity)}
     WHERE duration = 'eventLag' AND dimension = 'total' AND hour = $1`,
    [from],
  );
  await countQuarantined(from, to, manager);
  const deltas = new ReportDeltas();
  let done = 0;
  // As text: a `Date` has no microseconds.
  for (let last = { id: '0', place: from.toISOString() }; ;) {
    const rows: {
      id: string;
      place: string;
      received_at: Date;
      occurred_at: Date;
      is_dispatched: boolean;
    }[] = await manager.query(
      `SELECT id, received_at::text AS place, received_at, occurred_at, dispatched_at IS NOT NULL AS is_dispatched
         FROM ${tableName(dataSource, InboxEventEntity)}
         WHERE (received_at, id) > ($1::timestamptz, $2::bigint) AND received_at < $3
         ORDER BY received_at, id LIMIT ${EVENTS_AT_ONCE}`,
      [last.place, last.id, to],
    );
    for (const row of rows) if (row.is_dispatched) deltas.accepted(row.received_at, row.occurred_at);
    done += rows.length;
    last = rows.at(-1) ?? last;
    if (rows.length < EVENTS_AT_ONCE) break;
  }
  await addToReports(deltas, manager);
  return done;
}
