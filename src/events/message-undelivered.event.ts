import { MessageEvent } from './message-event.js';

/** Fired when the carrier reported that an outbound SMS did not arrive; `errorCode` says why. */
export class MessageUndeliveredEvent extends MessageEvent {
  static readonly type = 'message.undelivered';
  readonly type = MessageUndeliveredEvent.type;
}
