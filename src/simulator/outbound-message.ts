/** How far an outbound message has come. */
export type OutboundStatus = 'queued' | 'sent' | 'delivered' | 'undelivered' | 'failed';

/** What becomes of a message in the end. One that ends as `queued` is never heard of again. */
export type LifeEnd =
  | { readonly status: 'delivered' | 'queued' }
  | { readonly status: 'undelivered' | 'failed'; readonly errorCode: string };

/** An SMS that was sent through the REST API, as `GET /messages/:id` answers it. */
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
  /** Why it was not delivered; only when it is `undelivered` or `failed`. */
  readonly errorCode?: string;
}

/** What a request to send an SMS has to say. */
export type SendRequest = Pick<OutboundMessage, 'sender' | 'recipient' | 'text'>;
