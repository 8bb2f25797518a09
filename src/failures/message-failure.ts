import { causeOf, type FailureCatalogue, type FailureCause } from './failure-catalogue.js';
import type { MessageFailureEntity } from './message-failure.entity.js';

/** A message that did not arrive, with what its code means. */
export interface MessageFailure extends MessageFailureEntity, FailureCause {
  causeClass: FailureCause['causeClass'];
}

/** Adds what the catalogue says now: a code that was unknown when it came may be known by then. */
export function withCause(failure: MessageFailureEntity, catalogue: FailureCatalogue): MessageFailure {
  return Object.assign(failure, causeOf(catalogue, failure.code), { causeClass: failure.causeClass });
}
