import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { MessageEntity } from '../../messages/message.entity.js';
import { MessageStore, type MessageChange } from '../../messages/message-store.js';
import { ReportsOptions } from '../reports.options.js';
import { conversationFigures, type ConversationEntry } from './conversation-figures.js';
import { lockConversations, moveInConversations, type Move } from './conversation-lines.js';
import { countInConversation, countMessage, lineOf, type Line } from './message-figures.js';
import { ReportDeltas, type Place } from './report-deltas.js';
import { addToReports } from './report-store.js';

/**
 * Keeps the rollups of messages. The store of messages tells it what has become of each message's row, in the same
 * transaction: what the row before contributed is taken away, what the row after does is added. So the rollups are the
 * sum over all message rows that are marked as counted, whatever the order, grouping and repetition of events, and no
 * row has to be read again. Rows from a time without reports are not, until something is told of them or they are
 * rebuilt; without reports, a row that changes is counted no more.
 *
 * Round trips for a batch: one; three when there are messages that are new to their conversations.
 */
@Injectable()
export class MessageReports implements OnModuleInit {
  constructor(
    private readonly options: ReportsOptions,
    private readonly messages: MessageStore,
  ) {}

  onModuleInit(): void {
    this.messages.isCounting = this.options.reports;
    this.messages.onChange('reports', (changes, manager) => count(changes, manager));
  }
}

async function count(changes: readonly MessageChange[], manager: EntityManager): Promise<void> {
  const deltas = new ReportDeltas();
  const moves: Move[] = [];
  for (const change of changes) {
    const before = change.before?.isCounted ? change.before : null;
    const after = change.after.isCounted ? change.after : null;
    if (before) countMessage(before, -1, deltas);
    if (after) countMessage(after, 1, deltas);
    if (before && after && isToldAlike(before, after)) continue;
    const from = before && lineOf(before);
    const to = after && lineOf(after);
    if (isSamePlace(from, to)) continue;
    if (from) moves.push({ line: from, kind: 'remove' });
    if (to) moves.push({ line: to, kind: 'add' });
  }
  if (moves.length > 0) await countMoves(moves, deltas, manager);
  await addToReports(deltas, manager);
}

async function countMoves(
  moves: readonly Move[],
  deltas: ReportDeltas,
  manager: EntityManager,
): Promise<void> {
  await lockConversations(moves, manager);
  const stored = await moveInConversations(moves, manager);
  for (const [conversation, here] of Map.groupBy(moves, ({ line }) => line.conversation)) {
    const before = new Map(stored.get(conversation)?.map((entry) => [entry.messageId, entry]));
    const after = new Map(before);
    for (const { line, kind } of here) {
      if (kind === 'add') after.set(line.entry.messageId, line.entry);
      else after.delete(line.entry.messageId);
    }
    const places = here.flatMap(({ line }, index) => (index === 0 ? line.places : []));
    countConversation(before, places, -1, deltas);
    countConversation(after, places, 1, deltas);
  }
}

function countConversation(
  entries: ReadonlyMap<string, ConversationEntry>,
  places: readonly Place[],
  by: 1 | -1,
  deltas: ReportDeltas,
): void {
  const figures = conversationFigures(entries.values());
  for (const { messageId, atMs } of entries.values()) {
    const own = figures.get(messageId);
    if (own) countInConversation(new Date(atMs), places, own, by, deltas);
  }
}

/** Most events tell nothing new of where a message stands: to find its place takes longer than to see that. */
function isToldAlike(a: MessageEntity, b: MessageEntity): boolean {
  const isSameTime = a.firstEventAt.getTime() === b.firstEventAt.getTime();
  return isSameTime && a.direction === b.direction && a.from === b.from && a.to === b.to;
}

/** Not by the numbers as they are told: another spelling of them is no other place. */
function isSamePlace(a: Line | null, b: Line | null): boolean {
  if (!a || !b) return a === b;
  const isSameTime = a.entry.atMs === b.entry.atMs;
  return isSameTime && a.entry.isInbound === b.entry.isInbound && a.conversation === b.conversation;
}
