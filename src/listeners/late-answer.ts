import type { PostackEvent } from '../events/postack-event.js';
import type { Delivery } from './listener-context.js';

/** Customers no longer wait for an answer after this time. */
const LATEST_ANSWER_MS = 3_600_000;

/** Whether an event that was read wrongly in its time is too old to be answered now. */
export function isTooLateToAnswer(
  { occurredAt }: Pick<PostackEvent, 'occurredAt'>,
  { reason }: Pick<Delivery, 'reason'>,
): boolean {
  return reason === 'reinterpret' && Date.now() - occurredAt.getTime() > LATEST_ANSWER_MS;
}
