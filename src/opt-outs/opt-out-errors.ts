import { ConflictError, InvalidRequestError, NotFoundError } from '../errors/request-errors.js';

/** The number is not opted out, or the ledger has no entry about it. */
export class OptOutNotFoundError extends NotFoundError {
  readonly code = 'POSTACK_OPT_OUT_NOT_FOUND';
  override readonly name = 'OptOutNotFoundError';
}

/** An opt-out, or a list of opt-outs, is invalid: invalid number, missing reason, missing column. */
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

/** The review is resolved already. */
export class OptOutReviewStateError extends ConflictError {
  readonly code = 'POSTACK_OPT_OUT_REVIEW_STATE';
  override readonly name = 'OptOutReviewStateError';

  constructor(id: string, resolvedAt: Date) {
    super(
      `The opt-out review ${id} was resolved at ${resolvedAt.toISOString()}. To change the decision, opt the number ` +
        'out or in',
    );
  }
}
