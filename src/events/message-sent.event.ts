import { MessageEvent } from './message-event.js';

/** Fired when Postack handed an outbound SMS to the carrier; not yet proof of delivery. */
export class MessageSentEvent extends MessageEvent {
  static readonly type = 'message.sent';
  readonly type = MessageSentEvent.type;
}
