import { InvalidRequestError, NotFoundError } from '../errors/request-errors.js';

/** Nothing keeps messages from this number; or it is over. */
export class SuppressionNotFoundError extends NotFoundError {
  readonly code = 'POSTACK_SUPPRESSION_NOT_FOUND';
  override readonly name = 'SuppressionNotFoundError';
}

/** A suppression, or a list of them, that cannot be recorded: no number, no reason, a time that is past. */
export class InvalidSuppressionError extends InvalidRequestError {
  readonly code = 'POSTACK_SUPPRESSION_INVALID';
  override readonly name = 'InvalidSuppressionError';
}
