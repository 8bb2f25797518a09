import { MessageEvent } from './message-event.js';
import { ReplyScope, type ReplyReceipt } from './reply-scope.js';

/** Fired when somebody sent an SMS to one of your Postack numbers. */
export class MessageReceivedEvent extends MessageEvent {
  static readonly type = 'message.received';
  readonly type = MessageReceivedEvent.type;

  /**
   * Answers whoever wrote, from the number that was written to. Inside a listener only: the answer is stored in the
   * listener's transaction when it has one, and sent once, however often the listener is tried again. What has to be
   * obeyed (opt-outs, budgets) is looked at when it is sent.
   *
   * @param options.key Tells apart several answers to one event. By default the first one, the second, … of a call are
   *   the same as the first one, the second, … of its retry.
   * @throws {ReplyOutsideListenerError}
   * @throws {UnsendableTextError} when the text is empty or too long. Not caught, this and the next one make the event a
   *   dead letter of the listener at once.
   * @throws {InvalidOutboxMessageError} when the event does not tell who wrote to which number.
   */
  async reply(text: string, options: { key?: string } = {}): Promise<ReplyReceipt> {
    return ReplyScope.current(this.id).reply(this, text, options.key);
  }
}
