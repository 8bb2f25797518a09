import { MessageEvent } from './message-event.js';

/** Fired when Postack took an outbound SMS and has not sent it yet. */
export class MessageQueuedEvent extends MessageEvent {
  static readonly type = 'message.queued';
  readonly type = MessageQueuedEvent.type;
}
