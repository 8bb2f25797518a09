import type { EntityManager } from 'typeorm';
import { MessageEntity } from '../../messages/message.entity.js';

/** Whether it is certain that a message did not arrive: a receipt says so, and none says otherwise. */
export function isCertainlyLost(messageId: string, manager: EntityManager): Promise<boolean> {
  const reported = { id: messageId, conflict: false };
  return manager.existsBy(MessageEntity, [
    { ...reported, state: 'failed' },
    { ...reported, state: 'undelivered' },
  ]);
}
