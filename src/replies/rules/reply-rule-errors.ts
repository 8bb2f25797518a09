import { ConflictError, InvalidRequestError, NotFoundError } from '../../errors/request-errors.js';

/** A reply rule that could never work. */
export class InvalidReplyRuleError extends InvalidRequestError {
  readonly code = 'POSTACK_REPLY_RULE_INVALID';
  override readonly name = 'InvalidReplyRuleError';

  constructor(
    /** One line for each thing that is wrong. */
    readonly problems: readonly string[],
  ) {
    super(`This reply rule cannot work: ${problems.join('; ')}`);
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
    super(`There is a reply rule "${name}" already: give this one another name, or change that one`);
  }
}
