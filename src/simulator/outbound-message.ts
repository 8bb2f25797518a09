/** Status of an outbound message. */
export type OutboundStatus = 'queued' | 'sent' | 'delivered' | 'undelivered' | 'failed';

/** Final state of a message. A message that ends as `queued` has no events. */
export type LifeEnd =
  | { readonly status: 'delivered' | 'queued' }
  | { readonly status: 'undelivered' | 'failed'; readonly errorCode: string };

/** An SMS that was sent through the REST API, as returned by `GET /messages/:id`. */
export interface OutboundMessage {
  /** `SM…` */
  readonly id: string;
  readonly status: OutboundStatus;
  readonly sender: string;
  readonly recipient: string;
  readonly text: string;
  readonly segments: number;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Only of messages that are `undelivered` or `failed`. */
  readonly errorCode?: string;
}

/** Body of a request to send an SMS. */
export type SendRequest = Pick<OutboundMessage, 'sender' | 'recipient' | 'text'>;
