import type { JsonObject } from '../events/json.js';

/** An SMS to send. */
export interface OutboundSms {
  /** A number of the Postack account (E.164), a short code or an alphanumeric sender. */
  from: string;
  /** E.164. */
  to: string;
  text: string;
  /** The same for every attempt of one message. Only sent with the option `idempotencyHeader`. */
  idempotencyKey?: string;
}

/** A message as returned by Postack's API. */
export interface PostackMessage {
  /** Postack's id, which the events of this message carry. */
  id: string;
  /** As spelled by Postack; `null` when the response has none. */
  status: string | null;
  errorCode: string | null;
  /** The response body. Do not log it: it may contain the text and both numbers. */
  raw: JsonObject;
}
