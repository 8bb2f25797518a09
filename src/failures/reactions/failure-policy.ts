import type { FailureReaction } from '../failures.options.js';
import type { MessageFailure } from '../message-failure.js';

/**
 * Decides what is done about a message that did not arrive. Provide a subclass in any module of your application and it
 * is asked, before the option `failures.reactions` is.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class VipFailures extends FailurePolicy {
 *   constructor(private readonly customers: Customers) {
 *     super();
 *   }
 *
 *   async decide({ to }: MessageFailure): Promise<readonly FailureReaction[] | null> {
 *     return (await this.customers.isVip(to)) ? ['alert'] : null;
 *   }
 * }
 * ```
 */
export abstract class FailurePolicy {
  /** Higher ones are asked first; the option `failures.reactions` has 0. */
  readonly priority: number = 100;

  /**
   * What is to be done, `[]` for nothing, or `null` to leave it to the next policy. Asked again when it throws, or when
   * a later event says something else about the message. Whatever it says, a message is sent again only when it is
   * certain that it did not arrive, and not for ever.
   */
  abstract decide(
    failure: MessageFailure,
  ): Promise<readonly FailureReaction[] | null> | readonly FailureReaction[] | null;
}
