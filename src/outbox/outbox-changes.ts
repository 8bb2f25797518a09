import type { EntityManager } from 'typeorm';
import type { HeldReason } from './outbox-message.js';
import { OutboxMessageEntity } from './outbox-message.entity.js';

/** Reads an outbound message and locks its row until the transaction ends. */
export function lockMessage(id: string, manager: EntityManager): Promise<OutboxMessageEntity | null> {
  return manager.findOne(OutboxMessageEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
}

/** Updates some columns of a message. Clears `heldReason` and `heldDetail` unless the change sets them. */
export async function changeMessage(
  manager: EntityManager,
  id: string,
  change: Partial<OutboxMessageEntity>,
): Promise<void> {
  await manager.update(
    OutboxMessageEntity,
    { id },
    { heldReason: null, heldDetail: null, ...change, updatedAt: new Date() },
  );
}

/** Holds a message until an operator decides. */
export async function holdMessage(
  manager: EntityManager,
  id: string,
  heldReason: HeldReason,
  heldDetail: string,
  change: Partial<OutboxMessageEntity> = {},
): Promise<void> {
  await changeMessage(manager, id, { ...change, status: 'held', heldReason, heldDetail });
}
