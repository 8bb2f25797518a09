import { InvalidRequestError, NotFoundError } from '../errors/request-errors.js';

/** The number is not suppressed, or no longer. */
export class SuppressionNotFoundError extends NotFoundError {
  readonly code = 'POSTACK_SUPPRESSION_NOT_FOUND';
  override readonly name = 'SuppressionNotFoundError';
}

/** A suppression, or a list of suppressions, is invalid: invalid number, missing reason, end in the past. */
export class InvalidSuppressionError extends InvalidRequestError {
  readonly code = 'POSTACK_SUPPRESSION_INVALID';
  override readonly name = 'InvalidSuppressionError';
}
