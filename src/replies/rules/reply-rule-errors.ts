import { ConflictError, InvalidRequestError, NotFoundError } from '../../errors/request-errors.js';

/** The reply rule is invalid. */
export class InvalidReplyRuleError extends InvalidRequestError {
  readonly code = 'POSTACK_REPLY_RULE_INVALID';
  override readonly name = 'InvalidReplyRuleError';

  constructor(
    /** One line for each problem. */
    readonly problems: readonly string[],
  ) {
    super(`Invalid reply rule: ${problems.join('; ')}`);
  }
}

/** No reply rule has this id. */
export class ReplyRuleNotFoundError extends NotFoundError {
  readonly code = 'POSTACK_REPLY_RULE_NOT_FOUND';
  override readonly name = 'ReplyRuleNotFoundError';

  constructor(id: string) {
    super(`There is no reply rule with the id "${id}"`);
  }
}

/** Another reply rule has this name. */
export class ReplyRuleNameTakenError extends ConflictError {
  readonly code = 'POSTACK_REPLY_RULE_NAME_TAKEN';
  override readonly name = 'ReplyRuleNameTakenError';

  constructor(name: string) {
    super(`A reply rule named "${name}" exists already. Choose another name, or change the existing rule`);
  }
}
