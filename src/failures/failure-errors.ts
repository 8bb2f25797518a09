import { ConflictError, NotFoundError } from '../errors/request-errors.js';

/** No failure of a message with this id is recorded. */
export class FailureNotFoundError extends NotFoundError {
  readonly code = 'POSTACK_FAILURE_NOT_FOUND';
  override readonly name = 'FailureNotFoundError';

  constructor(messageId: string) {
    super(`No failure of a message with the id "${messageId}" is recorded`);
  }
}

/** Somebody has acknowledged this failure already. */
export class FailureStateError extends ConflictError {
  readonly code = 'POSTACK_FAILURE_STATE';
  override readonly name = 'FailureStateError';

  constructor(messageId: string, acknowledgedAt: Date) {
    super(`The failure of message ${messageId} was acknowledged at ${acknowledgedAt.toISOString()}`);
  }
}
