import type { ListenerContext } from '../listeners/listener-context.js';
import type { MessageReceivedEvent } from '../events/message-received.event.js';

/**
 * Decides how a customer's message is answered. Provide a subclass in any module of your application. Policies are not
 * called for STOP and START; opt-outs and the loop guard are checked after a policy has answered.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class OrderStatusPolicy extends ReplyPolicy {
 *   constructor(private readonly orders: Orders) {
 *     super();
 *   }
 *
 *   async answer(event: MessageReceivedEvent): Promise<string | null> {
 *     const order = await this.orders.latestOf(event.from);
 *     return order && /where/i.test(event.text ?? '') ? `Your order is ${order.state}` : null;
 *   }
 * }
 * ```
 */
export abstract class ReplyPolicy {
  /**
   * Policies of higher priority are called first; the stored rules have 0, HELP -50, default rules -100. Policies of equal
   * priority are called in the order in which they are provided. Default 100.
   */
  readonly priority: number = 100;

  /**
   * Returns the answer, or `null` to leave the message to the next policy. An error fails the listener `replies`, and is
   * handled as in any listener; the policy is called again when the listener is retried.
   *
   * @param context `signal` aborts at the listener's timeout.
   */
  abstract answer(
    event: MessageReceivedEvent,
    context: ListenerContext,
  ): Promise<string | null> | string | null;
}
