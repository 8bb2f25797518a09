import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { MessageEntity } from '../../messages/message.entity.js';
import { MessageStore, type MessageChange } from '../../messages/message-store.js';
import { ReportsOptions } from '../reports.options.js';
import { conversationFigures, type ConversationEntry } from './conversation-figures.js';
import { lockConversations, moveInConversations, type Move } from './conversation-moves.js';
import {
  countInConversation,
  countMessage,
  positionOf,
  type ConversationPosition,
} from './message-figures.js';
import { ReportDeltas, type DimensionValue } from './report-deltas.js';
import { addToReports } from './report-store.js';

/**
 * Maintains the rollups of messages. For each change of a message row, the contribution of the old row is subtracted and
 * that of the new row is added, in the same transaction. The rollups are therefore the sum over all message rows that are
 * marked as counted, independent of the order, grouping and repetition of events. A row from a time without reports is
 * not counted until it changes or is rebuilt; while reports are disabled, a changed row is no longer counted.
 *
 * Round trips per batch: 1, or 3 if messages are new in their conversations.
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
    if (before && after && hasSameSource(before, after)) continue;
    const from = before && positionOf(before);
    const to = after && positionOf(after);
    if (isSamePosition(from, to)) continue;
    if (from) moves.push({ position: from, kind: 'remove' });
    if (to) moves.push({ position: to, kind: 'add' });
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
  for (const [conversation, here] of Map.groupBy(moves, ({ position }) => position.conversation)) {
    const before = new Map(stored.get(conversation)?.map((entry) => [entry.messageId, entry]));
    const after = new Map(before);
    for (const { position, kind } of here) {
      if (kind === 'add') after.set(position.entry.messageId, position.entry);
      else after.delete(position.entry.messageId);
    }
    const dimensions = here.flatMap(({ position }, index) => (index === 0 ? position.dimensions : []));
    countConversation(before, dimensions, -1, deltas);
    countConversation(after, dimensions, 1, deltas);
  }
}

function countConversation(
  entries: ReadonlyMap<string, ConversationEntry>,
  dimensions: readonly DimensionValue[],
  by: 1 | -1,
  deltas: ReportDeltas,
): void {
  const figures = conversationFigures(entries.values());
  for (const { messageId, atMs } of entries.values()) {
    const own = figures.get(messageId);
    if (own) countInConversation(new Date(atMs), dimensions, own, by, deltas);
  }
}

/** Most events do not affect the position: this check is cheaper than computing positions. */
function hasSameSource(a: MessageEntity, b: MessageEntity): boolean {
  const isSameTime = a.firstEventAt.getTime() === b.firstEventAt.getTime();
  return isSameTime && a.direction === b.direction && a.from === b.from && a.to === b.to;
}

/** Compares positions, not the numbers in the events: these may have several spellings. */
function isSamePosition(a: ConversationPosition | null, b: ConversationPosition | null): boolean {
  if (!a || !b) return a === b;
  const isSameTime = a.entry.atMs === b.entry.atMs;
  return isSameTime && a.entry.isInbound === b.entry.isInbound && a.conversation === b.conversation;
}
