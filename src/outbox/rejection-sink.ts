import type { EntityManager } from 'typeorm';
import type { OutboxMessageEntity } from './outbox-message.entity.js';
import type { SendError } from './send-error.js';

/** What hears of messages that Postack will not send. */
export interface RejectionSink {
  /** Called in the transaction that marks the message as rejected; whatever it writes through `manager` goes with that. */
  rejected(
    message: Pick<OutboxMessageEntity, 'id' | 'from' | 'to'>,
    failure: SendError,
    manager: EntityManager,
  ): Promise<void>;
}

/** Injection token of the `RejectionSink`. */
export const REJECTION_SINK = Symbol('nestjs-postack:rejection-sink');
