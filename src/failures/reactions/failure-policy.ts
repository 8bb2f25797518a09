import type { FailureReaction } from '../failures.options.js';
import type { MessageFailure } from '../message-failure.js';

/**
 * Decides how to react to a message that did not arrive. Provide a subclass in any module of your application; it takes
 * precedence over the option `failures.reactions`.
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
  /** Policies with a higher priority are consulted first; the option `failures.reactions` has 0. */
  readonly priority: number = 100;

  /**
   * Returns the reactions, `[]` for none, or `null` to defer to the next policy. Called again if it throws, or if a later
   * event changes the failure. Regardless of the decision, a message is resent only if it certainly did not arrive, and
   * only as often as `failures.resendDelaysMs` allows.
   */
  abstract decide(
    failure: MessageFailure,
  ): Promise<readonly FailureReaction[] | null> | readonly FailureReaction[] | null;
}
