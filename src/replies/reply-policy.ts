import type { ListenerContext } from '../listeners/listener-context.js';
import type { MessageReceivedEvent } from '../events/message-received.event.js';

/**
 * Decides what a customer's message is answered with. Provide a subclass in any module of your application and it is
 * asked. STOP and START never come here; opt-outs, budgets and loops are seen to after it has answered.
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
   * Higher ones are asked first; the stored rules have 0, HELP -50, default rules -100. Those of equal priority are
   * asked in the order in which they are provided.
   */
  readonly priority: number = 100;

  /**
   * The answer, or `null` to leave the message to the next policy. Called again when the listener is tried again; a
   * throw is a failure of the listener `replies`, with the same meaning as in any other.
   *
   * @param context `signal` is aborted when answering takes longer than the listener may.
   */
  abstract answer(
    event: MessageReceivedEvent,
    context: ListenerContext,
  ): Promise<string | null> | string | null;
}
