import type { EntityManager } from 'typeorm';
import { isCertainlyLost } from './delivery-state.js';
import { MessageEntity } from './message.entity.js';

/** Whether it is certain by now that a message did not arrive. */
export async function hasCertainlyFailed(messageId: string, manager: EntityManager): Promise<boolean> {
  const message = await manager.findOneBy(MessageEntity, { id: messageId });
  return message !== null && isCertainlyLost(message);
}
