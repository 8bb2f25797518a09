import type { EntityManager } from 'typeorm';
import { mergeFacts, type DeliveryFact, type DeliveryState } from './delivery-state.js';
import { MessageEntity } from './message.entity.js';

/** States of an outbound message after which another one is to come. */
export const UNSETTLED_STATES = [
  'accepted',
  'queued',
  'sending',
  'sent',
] as const satisfies readonly DeliveryState[];

/** Whether another state is to come. */
export function isUnsettled(state: DeliveryState): boolean {
  return (UNSETTLED_STATES as readonly DeliveryState[]).includes(state);
}

/**
 * Adds facts to a message that is not settled yet, in the transaction of `manager`, with the reducer that the events go
 * through.
 *
 * @returns the message as it is now; `null` when it has been settled by now, and nothing was added.
 */
export async function addFacts(
  id: string,
  facts: readonly DeliveryFact[],
  manager: EntityManager,
): Promise<MessageEntity | null> {
  const message = await manager.findOne(MessageEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  });
  if (!message || !isUnsettled(message.state)) return null;
  const { state, stateAt, errorCode, conflict, history } = mergeFacts(message.history, facts);
  const change = { state, stateAt: new Date(stateAt), errorCode, conflict, history };
  await manager.update(MessageEntity, { id }, change);
  return Object.assign(message, change);
}
