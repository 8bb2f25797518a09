import { MessageEvent } from './message-event.js';

/** Fired when the carrier confirmed that an outbound SMS arrived. */
export class MessageDeliveredEvent extends MessageEvent {
  static readonly type = 'message.delivered';
  readonly type = MessageDeliveredEvent.type;
}
