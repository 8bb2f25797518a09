import { MAX_REASON_LENGTH } from '../../../errors/decision-reason.js';
import { BoundedText } from '../validation/value.decorators.js';

/** The reason of an operator's decision, in a body or a query. */
export class RequiredReason {
  @BoundedText(MAX_REASON_LENGTH)
  reason!: string;
}
