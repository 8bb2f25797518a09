import { ConflictError, InvalidRequestError, NotFoundError } from '../errors/request-errors.js';

/** The message can never be sent: invalid number, missing key, unknown category. */
export class InvalidOutboxMessageError extends InvalidRequestError {
  readonly code = 'POSTACK_OUTBOX_MESSAGE_INVALID';
  override readonly name = 'InvalidOutboxMessageError';

  constructor(readonly problems: readonly string[]) {
    super(`Invalid message: ${problems.join('; ')}`);
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

/** The status of the outbound message does not allow this operation. */
export class OutboxMessageStateError extends ConflictError {
  readonly code = 'POSTACK_OUTBOX_MESSAGE_STATE';
  override readonly name = 'OutboxMessageStateError';
}
