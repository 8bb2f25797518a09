import { LOOKUP } from './message-state.js';
import type { MessageEntity } from './message.entity.js';
import { conversationOf, numberFacts, UNKNOWN, type NumberFacts } from './number-facts.js';

/** Length of `MessageEntity.peerPrefix`: prices by prefix can be no longer. */
export const PEER_PREFIX_LENGTH = 8;

/** The columns of a message that follow from its others, so that SQL can group and price messages. */
export type MessageFacts = Required<
  Pick<MessageEntity, 'ownNumberKey' | 'country' | 'conversation' | 'peerPrefix' | 'deliveredAfterMs'>
>;

/** Computes these columns; none of them is `null` because it has not been computed. */
export function messageFacts(message: MessageEntity): MessageFacts {
  const { own, peer } = numbersOf(message);
  return {
    ownNumberKey: own?.key ?? UNKNOWN,
    country: peer?.country ?? UNKNOWN,
    conversation: own && peer ? conversationOf(own, peer) : null,
    peerPrefix: peer?.number.slice(0, PEER_PREFIX_LENGTH) ?? null,
    deliveredAfterMs: timeToDelivered(message),
  };
}

/** The own number and the peer's number of a message. */
export function numbersOf({ direction, from, to }: Pick<MessageEntity, 'direction' | 'from' | 'to'>): {
  own: NumberFacts | null;
  peer: NumberFacts | null;
} {
  const [own, peer] = direction === 'inbound' ? [to, from] : [from, to];
  return { own: numberFacts(own), peer: numberFacts(peer) };
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
