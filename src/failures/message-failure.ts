import { causeOf, type FailureCatalogue, type FailureCause } from './failure-catalogue.js';
import type { MessageFailureEntity } from './message-failure.entity.js';

/** A message that did not arrive, with the meaning of its error code. */
export interface MessageFailure extends MessageFailureEntity, FailureCause {
  causeClass: FailureCause['causeClass'];
}

/** Adds the current catalogue entry: a code may have been added since the failure was recorded. */
export function withCause(failure: MessageFailureEntity, catalogue: FailureCatalogue): MessageFailure {
  return Object.assign(failure, causeOf(catalogue, failure.code), { causeClass: failure.causeClass });
}
