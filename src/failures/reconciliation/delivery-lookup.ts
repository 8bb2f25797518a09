import { DELIVERY_STATES, type DeliveryFact, type DeliveryState } from '../../messages/delivery-state.js';
import { LOOKUP } from '../../messages/message-state.js';
import type { PostackMessage } from '../../postack-api/postack-message.js';

/** `DeliveryFact.eventId` of an assumed expiry. */
const ASSUMED = 'assumed';

const FINAL_STATES: readonly DeliveryState[] = ['failed', 'undelivered', 'delivered', 'read'];

/** `received` is not a state of an outbound message, and `expired` is our own assumption: Postack cannot mean these. */
const NEVER_REPORTED: readonly DeliveryState[] = ['received', 'expired'];

/**
 * Delivery facts from Postack's response about a message without receipts: the reported state, if it is a known one, and
 * `expired`, unless that state is final.
 *
 * @param answer `null` if Postack does not know the message, or could not be queried.
 */
export function factsOf(answer: PostackMessage | null, now: Date): DeliveryFact[] {
  const at = now.toISOString();
  const status = answer?.status?.toLowerCase();
  const state = DELIVERY_STATES.find((known) => known === status && !NEVER_REPORTED.includes(known));
  const isFailure = state === 'failed' || state === 'undelivered';
  const errorCode = isFailure ? (answer?.errorCode ?? null) : null;
  const reported: DeliveryFact[] = state ? [{ state, at, eventId: LOOKUP, errorCode }] : [];
  if (state && FINAL_STATES.includes(state)) return reported;
  return [...reported, { state: 'expired', at, eventId: ASSUMED, errorCode: null }];
}
