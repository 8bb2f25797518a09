import { ConflictError, InvalidRequestError, NotFoundError } from '../errors/request-errors.js';

/** Somebody is not opted out, or the ledger has never heard of them. */
export class OptOutNotFoundError extends NotFoundError {
  readonly code = 'POSTACK_OPT_OUT_NOT_FOUND';
  override readonly name = 'OptOutNotFoundError';
}

/** An opt-out, or a list of them, that cannot be recorded: no number, no reason, no such column. */
export class InvalidOptOutError extends InvalidRequestError {
  readonly code = 'POSTACK_OPT_OUT_INVALID';
  override readonly name = 'InvalidOptOutError';
}

/** No review has this id. */
export class OptOutReviewNotFoundError extends NotFoundError {
  readonly code = 'POSTACK_OPT_OUT_REVIEW_NOT_FOUND';
  override readonly name = 'OptOutReviewNotFoundError';

  constructor(id: string) {
    super(`There is no opt-out review with the id "${id}"`);
  }
}

/** Somebody has decided on this review already. */
export class OptOutReviewStateError extends ConflictError {
  readonly code = 'POSTACK_OPT_OUT_REVIEW_STATE';
  override readonly name = 'OptOutReviewStateError';

  constructor(id: string, resolvedAt: Date) {
    super(
      `The opt-out review ${id} was resolved at ${resolvedAt.toISOString()}; to change what was decided, ` +
        'record an opt-out, or remove it',
    );
  }
}
