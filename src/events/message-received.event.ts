import { MessageEvent } from './message-event.js';

/** Fired when somebody sent an SMS to one of your Postack numbers. */
export class MessageReceivedEvent extends MessageEvent {
  static readonly type = 'message.received';
  readonly type = MessageReceivedEvent.type;
}
