/** Data of an event: its message. */
export interface SimulatedEventData {
  /** Id of the message, `SM…`. */
  id: string;
  from: string;
  to: string;
  text: string;
  segments: number;
  /** The last part of the event's type. */
  status: string;
  /** Only for undelivered and failed messages. */
  errorCode?: string;
}

/** An event; the webhook body contains everything but its id. */
export interface SimulatedEvent<Data = SimulatedEventData> {
  /** The `svix-id`, `msg_…`, the same in all deliveries. */
  id: string;
  /** One of `message.received`, `.queued`, `.sent`, `.delivered`, `.undelivered`, `.failed`; or one of your own. */
  type: string;
  /** When it happened, ISO 8601. */
  timestamp: string;
  data: Data;
}

/** Webhook body of an event. */
export function bodyOf({ type, timestamp, data }: SimulatedEvent<unknown>): string {
  return JSON.stringify({ type, timestamp, data });
}
