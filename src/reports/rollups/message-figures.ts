import { LOOKUP } from '../../messages/message-state.js';
import type { MessageEntity } from '../../messages/message.entity.js';
import type { ConversationEntry, ConversationFigures } from './conversation-figures.js';
import { conversationOf, numberFacts, UNKNOWN, type NumberFacts } from './number-facts.js';
import type { DimensionValue, ReportDeltas } from './report-deltas.js';

/** Longer error codes are truncated: the value is part of an index. */
const MAX_VALUE_LENGTH = 64;

/** The position of a message in its conversation, which are all messages between two numbers. */
export interface ConversationPosition {
  conversation: string;
  entry: ConversationEntry;
  /** What the metrics of this conversation are counted by. */
  dimensions: readonly DimensionValue[];
}

/** The position of a message in its conversation; `null` if one of the numbers is unknown. */
export function positionOf(message: MessageEntity): ConversationPosition | null {
  const { own, peer } = numbersOf(message);
  if (!own || !peer) return null;
  return {
    conversation: conversationOf(own, peer),
    entry: {
      messageId: message.id,
      isInbound: message.direction === 'inbound',
      atMs: message.firstEventAt.getTime(),
    },
    dimensions: numberDimensions(own, peer),
  };
}

/**
 * Adds (`by` 1) or subtracts (`by` -1) the contribution of a single message to the rollups, in the 15-minute bucket of
 * its first event. The contribution depends on the stored message only, which does not depend on the order of events.
 */
export function countMessage(message: MessageEntity, by: 1 | -1, deltas: ReportDeltas): void {
  const { direction, state, segments, firstEventAt: at, errorCode } = message;
  const { own, peer } = numbersOf(message);
  if (own && by > 0) deltas.ownNumbers.set(own.key, own.number);
  const byNumber = numberDimensions(own, peer);
  const dimensions: DimensionValue[] = [...byNumber, ['segments', String(segments ?? UNKNOWN)]];
  if (isFailed(message)) dimensions.push(['errorCode', (errorCode ?? UNKNOWN).slice(0, MAX_VALUE_LENGTH)]);
  const segmentMeasure = direction === 'inbound' ? 'segmentsReceived' : 'segmentsSent';
  deltas.addCounts(at, dimensions, { [state]: by, [segmentMeasure]: by * (segments ?? 0) });
  const tookMs = timeToDelivered(message);
  if (tookMs !== null) deltas.addDuration(at, timedDimensions(byNumber), 'timeToDelivered', tookMs, by);
}

/** Adds or subtracts the conversation metrics of a message. */
export function countInConversation(
  at: Date,
  dimensions: readonly DimensionValue[],
  { isOpening, replyAfterMs }: ConversationFigures,
  by: 1 | -1,
  deltas: ReportDeltas,
): void {
  if (isOpening) deltas.addCounts(at, dimensions, { conversations: by });
  if (replyAfterMs === null) return;
  deltas.addCounts(at, dimensions, { replied: by });
  deltas.addDuration(at, timedDimensions(dimensions), 'timeToFirstReply', replyAfterMs, by);
}

export function isFailed({ state }: MessageEntity): boolean {
  return state === 'failed' || state === 'undelivered';
}

/**
 * Milliseconds from the first event of a message to its delivery; `null` if one of them is unknown. A looked-up delivery
 * does not count: its time is that of the lookup.
 */
export function timeToDelivered({ state, history }: MessageEntity): number | null {
  if (state !== 'delivered' && state !== 'read') return null;
  const delivered = history.find((fact) => fact.state === 'delivered');
  const before = history.filter((fact) => BEFORE_DELIVERY.has(fact.state)).map(({ at }) => Date.parse(at));
  if (!delivered || delivered.eventId === LOOKUP || before.length === 0) return null;
  return Date.parse(delivered.at) - Math.min(...before);
}

const BEFORE_DELIVERY: ReadonlySet<string> = new Set(['accepted', 'queued', 'sending', 'sent']);

/** The own number and the peer's number of a message. */
export function numbersOf({ direction, from, to }: MessageEntity): {
  own: NumberFacts | null;
  peer: NumberFacts | null;
} {
  const [own, peer] = direction === 'inbound' ? [to, from] : [from, to];
  return { own: numberFacts(own), peer: numberFacts(peer) };
}

function numberDimensions(own: NumberFacts | null, peer: NumberFacts | null): DimensionValue[] {
  return [
    ['total', ''],
    ['ownNumber', own?.key ?? UNKNOWN],
    ['country', peer?.country ?? UNKNOWN],
  ];
}

/** Durations are kept in total and by own number. */
function timedDimensions(dimensions: readonly DimensionValue[]): readonly DimensionValue[] {
  return dimensions.filter(([dimension]) => dimension === 'total' || dimension === 'ownNumber');
}
