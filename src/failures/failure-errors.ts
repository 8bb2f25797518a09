import { ConflictError, NotFoundError } from '../errors/request-errors.js';

/** No failure is recorded for this message. */
export class FailureNotFoundError extends NotFoundError {
  readonly code = 'POSTACK_FAILURE_NOT_FOUND';
  override readonly name = 'FailureNotFoundError';

  constructor(messageId: string) {
    super(`No failure is recorded for message "${messageId}"`);
  }
}

/** The failure has already been acknowledged. */
export class FailureStateError extends ConflictError {
  readonly code = 'POSTACK_FAILURE_STATE';
  override readonly name = 'FailureStateError';

  constructor(messageId: string, acknowledgedAt: Date) {
    super(`The failure of message ${messageId} was already acknowledged at ${acknowledgedAt.toISOString()}`);
  }
}
