import { maskPhoneNumber } from './phone-number.js';
import { PostackEvent, type PostackEventEnvelope } from './postack-event.js';

/** The fields of a message event; `null` where the payload has no usable value. */
export interface MessageFields {
  /** Postack's id of the message. */
  messageId: string | null;
  /** Sender: E.164, a short code or an alphanumeric name. */
  from: string | null;
  /** Recipient: E.164 or a short code. */
  to: string | null;
  /** The complete text. */
  text: string | null;
  /** Postack's own word for the state. The event type is authoritative. */
  status: string | null;
  /** Postack's or the carrier's failure code. Values that are not a code (see `PayloadMapping`) are in `errorMessage`. */
  errorCode: string | null;
  /** Description of the failure. */
  errorMessage: string | null;
  /** Number of SMS segments of the text: 0 to 255. */
  segments: number | null;
}

/** The names of these fields. */
export const MESSAGE_FIELDS = [
  'messageId',
  'from',
  'to',
  'text',
  'status',
  'errorCode',
  'errorMessage',
  'segments',
] as const satisfies (keyof MessageFields)[];

/** Base class of the events about one SMS. */
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
