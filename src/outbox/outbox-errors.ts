import { ConflictError, InvalidRequestError, NotFoundError } from '../errors/request-errors.js';

/** A message that cannot be sent, whatever the time: no number, no key, an unknown category. */
export class InvalidOutboxMessageError extends InvalidRequestError {
  readonly code = 'POSTACK_OUTBOX_MESSAGE_INVALID';
  override readonly name = 'InvalidOutboxMessageError';

  constructor(readonly problems: readonly string[]) {
    super(`This message cannot be sent: ${problems.join('; ')}`);
  }
}

/** No outbound message has this id. */
export class OutboxMessageNotFoundError extends NotFoundError {
  readonly code = 'POSTACK_OUTBOX_MESSAGE_NOT_FOUND';
  override readonly name = 'OutboxMessageNotFoundError';

  constructor(id: string) {
    super(`There is no outbound message with the id "${id}"`);
  }
}

/** An outbound message is not in a state in which this can be done. */
export class OutboxMessageStateError extends ConflictError {
  readonly code = 'POSTACK_OUTBOX_MESSAGE_STATE';
  override readonly name = 'OutboxMessageStateError';
}
