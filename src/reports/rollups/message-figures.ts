import { LOOKUP } from '../../messages/message-state.js';
import type { MessageEntity } from '../../messages/message.entity.js';
import type { ConversationEntry, ConversationFigures } from './conversation-figures.js';
import { conversationOf, numberFacts, UNKNOWN, type NumberFacts } from './number-facts.js';
import type { Place, ReportDeltas } from './report-deltas.js';

/** Longer values than codes and counts of parts have are cut: they stand in an index. */
const MAX_VALUE_LENGTH = 64;

/** A message among those that its two numbers have written to each other. */
export interface Line {
  conversation: string;
  entry: ConversationEntry;
  /** Where the figures of this conversation are counted. */
  places: readonly Place[];
}

/** The message's place in its conversation; `null` when it does not tell both numbers. */
export function lineOf(message: MessageEntity): Line | null {
  const { own, peer } = numbersOf(message);
  if (!own || !peer) return null;
  return {
    conversation: conversationOf(own, peer),
    entry: {
      messageId: message.id,
      isInbound: message.direction === 'inbound',
      atMs: message.firstEventAt.getTime(),
    },
    places: numberPlaces(own, peer),
  };
}

/**
 * Adds (`by` 1) or takes away (`by` -1) what a message, seen by itself, contributes to the rollups. It depends on
 * nothing but the message as it is stored, and that does not depend on the order of the events: neither do the sums.
 * It counts in the quarter of an hour of its first event.
 */
export function countMessage(message: MessageEntity, by: 1 | -1, deltas: ReportDeltas): void {
  const { direction, state, segments, firstEventAt: at, errorCode } = message;
  const { own, peer } = numbersOf(message);
  if (own && by > 0) deltas.ownNumbers.set(own.key, own.number);
  const byNumber = numberPlaces(own, peer);
  const places: Place[] = [...byNumber, ['segments', String(segments ?? UNKNOWN)]];
  if (isFailed(message)) places.push(['errorCode', (errorCode ?? UNKNOWN).slice(0, MAX_VALUE_LENGTH)]);
  const parts = direction === 'inbound' ? 'segmentsReceived' : 'segmentsSent';
  deltas.count(at, places, { [state]: by, [parts]: by * (segments ?? 0) });
  const tookMs = timeToDelivered(message);
  if (tookMs !== null) deltas.took(at, timedPlaces(byNumber), 'timeToDelivered', tookMs, by);
}

/** The same for what a message means to its conversation. */
export function countInConversation(
  at: Date,
  places: readonly Place[],
  { isOpening, replyAfterMs }: ConversationFigures,
  by: 1 | -1,
  deltas: ReportDeltas,
): void {
  if (isOpening) deltas.count(at, places, { conversations: by });
  if (replyAfterMs === null) return;
  deltas.count(at, places, { replied: by });
  deltas.took(at, timedPlaces(places), 'timeToFirstReply', replyAfterMs, by);
}

/** Whether it has an error code, or should have. */
export function isFailed({ state }: MessageEntity): boolean {
  return state === 'failed' || state === 'undelivered';
}

/**
 * From the first thing known of a message to its delivery; `null` unless both are. What Postack was asked for tells
 * when that was, not when the message arrived.
 */
export function timeToDelivered({ state, history }: MessageEntity): number | null {
  if (state !== 'delivered' && state !== 'read') return null;
  const delivered = history.find((fact) => fact.state === 'delivered');
  const before = history.filter((fact) => BEFORE_DELIVERY.has(fact.state)).map(({ at }) => Date.parse(at));
  if (!delivered || delivered.eventId === LOOKUP || before.length === 0) return null;
  return Date.parse(delivered.at) - Math.min(...before);
}

const BEFORE_DELIVERY: ReadonlySet<string> = new Set(['accepted', 'queued', 'sending', 'sent']);

/** Which of a message's numbers is ours, and which is not. */
export function numbersOf({ direction, from, to }: MessageEntity): {
  own: NumberFacts | null;
  peer: NumberFacts | null;
} {
  const [own, peer] = direction === 'inbound' ? [to, from] : [from, to];
  return { own: numberFacts(own), peer: numberFacts(peer) };
}

function numberPlaces(own: NumberFacts | null, peer: NumberFacts | null): Place[] {
  return [
    ['total', ''],
    ['ownNumber', own?.key ?? UNKNOWN],
    ['country', peer?.country ?? UNKNOWN],
  ];
}

/** Durations are kept for all messages and for each own number. */
function timedPlaces(places: readonly Place[]): readonly Place[] {
  return places.filter(([dimension]) => dimension === 'total' || dimension === 'ownNumber');
}
