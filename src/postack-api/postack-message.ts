import type { JsonObject } from '../events/json.js';

/** An SMS to be sent. */
export interface OutboundSms {
  /** A number of the Postack account (E.164), a short code or an alphanumeric sender. */
  from: string;
  /** E.164. */
  to: string;
  text: string;
  /** The same for every try of one message. Only sent with the option `idempotencyHeader`. */
  idempotencyKey?: string;
}

/** A message as Postack's API answers it. */
export interface PostackMessage {
  /** Postack's id, which the events of this message carry. */
  id: string;
  /** As Postack spells it; `null` when the answer has none. */
  status: string | null;
  errorCode: string | null;
  /** The whole answer. It may hold the text and both numbers: not for a log. */
  raw: JsonObject;
}
