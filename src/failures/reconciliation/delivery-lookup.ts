import { DELIVERY_STATES, type DeliveryFact, type DeliveryState } from '../../messages/delivery-state.js';
import { LOOKUP } from '../../messages/message-state.js';
import type { PostackMessage } from '../../postack-api/postack-message.js';

/** Stands for the event in the guess that a message has expired. */
const SWEEP = 'sweep';

const ENDS: readonly DeliveryState[] = ['failed', 'undelivered', 'delivered', 'read'];

/** What is our own guess, or no state of an outbound message: Postack cannot have meant that. */
const NOT_TOLD: readonly DeliveryState[] = ['received', 'expired'];

/**
 * What Postack's answer about a message without receipts comes to: the state that it tells, if it is one of ours, and
 * that the message has expired, unless that state is an end.
 *
 * @param answer `null` when Postack does not know the message, or could not be asked.
 */
export function factsOf(answer: PostackMessage | null, now: Date): DeliveryFact[] {
  const at = now.toISOString();
  const status = answer?.status?.toLowerCase();
  const state = DELIVERY_STATES.find((known) => known === status && !NOT_TOLD.includes(known));
  const isFailure = state === 'failed' || state === 'undelivered';
  const errorCode = isFailure ? (answer?.errorCode ?? null) : null;
  const told: DeliveryFact[] = state ? [{ state, at, eventId: LOOKUP, errorCode }] : [];
  if (state && ENDS.includes(state)) return told;
  return [...told, { state: 'expired', at, eventId: SWEEP, errorCode: null }];
}
