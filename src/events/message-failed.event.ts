import { MessageEvent } from './message-event.js';

/** Fired when an outbound SMS was never sent; `errorCode` says why. */
export class MessageFailedEvent extends MessageEvent {
  static readonly type = 'message.failed';
  readonly type = MessageFailedEvent.type;
}
