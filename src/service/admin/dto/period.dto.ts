import { OptionalTime } from '../validation/time.decorators.js';

/** A period, in a body or a query: from `since` (inclusive) to `until` (exclusive); unbounded where absent. */
export class Period {
  @OptionalTime()
  since?: Date;

  @OptionalTime()
  until?: Date;
}
