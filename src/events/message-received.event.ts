import { MessageEvent } from './message-event.js';
import { ReplyScope, type ReplyReceipt } from './reply-scope.js';

/** Fired when an SMS was sent to one of your Postack numbers. */
export class MessageReceivedEvent extends MessageEvent {
  static readonly type = 'message.received';
  readonly type = MessageReceivedEvent.type;

  /**
   * Replies to the sender, from the number that the message was sent to. Inside a listener only: the reply is stored in
   * the listener's transaction if it has one, and sent once, however often the listener is retried. Send rules
   * (opt-outs, limits) are checked when it is sent.
   *
   * @param options.key Distinguishes several replies to one event. By default their order does: the first reply of a
   *   retry is the first reply of the call before.
   * @throws {ReplyOutsideListenerError}
   * @throws {UnsendableTextError} when the text is empty or too long. If not caught, this error and the next one make the
   *   event a dead letter of the listener at once.
   * @throws {InvalidOutboxMessageError} when the event lacks the sender or the recipient.
   */
  async reply(text: string, options: { key?: string } = {}): Promise<ReplyReceipt> {
    return ReplyScope.current(this.id).reply(this, text, options.key);
  }
}
