import { MessageEvent } from './message-event.js';
import { ReplyScope, type ReplyReceipt } from './reply-scope.js';

/** Fired when an SMS was sent to one of your Postack numbers. */
export class MessageReceivedEvent extends MessageEvent {
  static readonly type = 'message.received';
  readonly type = MessageReceivedEvent.type;

  /**
   * Replies to the sender, from the number that received the message. Only inside a listener: the reply is stored in
   * the listener's transaction if it has one, and sent once, however often the listener is retried. Send rules
   * (opt-outs, budgets, quiet hours) apply when it is sent.
   *
   * @param options.key Distinguishes several replies to one event. Default: their order within a call, so that a retry
   *   sends none of them twice.
   * @throws {ReplyOutsideListenerError}
   * @throws {UnsendableTextError} when the text is empty or too long. Uncaught, this error and the next one make the
   *   event a dead letter of the listener, without a retry.
   * @throws {InvalidOutboxMessageError} when the event has no sender or recipient.
   */
  async reply(text: string, options: { key?: string } = {}): Promise<ReplyReceipt> {
    return ReplyScope.current(this.id).reply(this, text, options.key);
  }
}
