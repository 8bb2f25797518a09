import { maskPhoneNumber } from './phone-number.js';
import { PostackEvent, type PostackEventEnvelope } from './postack-event.js';

/** What Postack reported about one SMS; `null` where it reported nothing. */
export interface MessageFields {
  /** Postack's id of the message. */
  messageId: string | null;
  /** Sender: E.164, a short code or an alphanumeric name. */
  from: string | null;
  /** Recipient: E.164 or a short code. */
  to: string | null;
  /** The text as sent, never shortened. */
  text: string | null;
  /** Postack's own name of the state, if the payload has one; the event type takes precedence. */
  status: string | null;
  /** Why it failed, as Postack's or the carrier's code; what cannot be a code, see `PayloadMapping`, is in `errorMessage`. */
  errorCode: string | null;
  /** Why it failed, in words. */
  errorMessage: string | null;
  /** Number of segments of the text: 0 to 255. */
  segments: number | null;
}

/** Base of the six message events. */
export abstract class MessageEvent extends PostackEvent implements MessageFields {
  readonly messageId: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly text: string | null;
  readonly status: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly segments: number | null;

  constructor(envelope: PostackEventEnvelope, fields: MessageFields) {
    super(envelope);
    this.messageId = fields.messageId;
    this.from = fields.from;
    this.to = fields.to;
    this.text = fields.text;
    this.status = fields.status;
    this.errorCode = fields.errorCode;
    this.errorMessage = fields.errorMessage;
    this.segments = fields.segments;
  }

  protected override loggable(): Record<string, unknown> {
    return {
      ...super.loggable(),
      messageId: this.messageId,
      from: maskPhoneNumber(this.from),
      to: maskPhoneNumber(this.to),
      errorCode: this.errorCode,
    };
  }
}
