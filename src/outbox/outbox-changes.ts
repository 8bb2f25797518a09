import type { EntityManager } from 'typeorm';
import type { PostackApiError } from '../postack-api/postack-api-errors.js';
import type { HeldReason } from './outbox-message.js';
import { OutboxMessageEntity } from './outbox-message.entity.js';
import type { SendError } from './send-error.js';

/** An outbound message, which nobody else changes until the transaction ends. */
export function lockMessage(id: string, manager: EntityManager): Promise<OutboxMessageEntity | null> {
  return manager.findOne(OutboxMessageEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
}

/** Writes some columns of a message. A message that is not said to be held is not. */
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

/** Leaves a message to a person. */
export async function holdMessage(
  manager: EntityManager,
  id: string,
  heldReason: HeldReason,
  heldDetail: string,
  change: Partial<OutboxMessageEntity> = {},
): Promise<void> {
  await changeMessage(manager, id, { ...change, status: 'held', heldReason, heldDetail });
}

/** What is kept of a failure. */
export function storableFailure({ code, apiCode, message, action }: PostackApiError): SendError {
  return { code, apiCode, message, action, at: new Date().toISOString() };
}
