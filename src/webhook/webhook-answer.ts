import { STATUS_CODES, type ServerResponse } from 'node:http';
import { InboxUnavailableError, type Receipt } from '../inbox/inbox.js';
import { BodyError, type BodyFault } from './raw-body.js';
import { SignatureError, type SignatureFault } from './svix-signature.js';

/** The outcome of one request, for logs and metrics. */
export type WebhookOutcome =
  Receipt | SignatureFault | BodyFault | 'storage-unavailable' | 'overloaded' | 'stopping' | 'error';

/** An HTTP response, independent of the HTTP library. */
export interface WebhookAnswer {
  status: number;
  headers: Record<string, string>;
  body: string | undefined;
  outcome: WebhookOutcome;
}

/** Name of the header that holds the outcome of an authentic webhook. */
export const RECEIPT_HEADER = 'postack-receipt';

/** Seconds after which a sender may try again, sent with every 503. */
export const RETRY_AFTER_SECONDS = 5;

const BODY_FAULT_STATUS: Record<BodyFault, number> = {
  'too-large': 413,
  timeout: 408,
  'cut-off': 400,
  'already-read': 500,
};

/** 204: the event is stored. Equal answers share one object. */
export const RECEIPT_ANSWER: Readonly<Record<Receipt, WebhookAnswer>> = {
  accepted: receiptAnswer('accepted'),
  duplicate: receiptAnswer('duplicate'),
  quarantined: receiptAnswer('quarantined'),
};

function receiptAnswer(receipt: Receipt): WebhookAnswer {
  return { status: 204, headers: { [RECEIPT_HEADER]: receipt }, body: undefined, outcome: receipt };
}

/** 503: the application is stopping. Another process takes the event, or this one after its restart. */
export const STOPPING_ANSWER = unavailable('stopping');

/** The fixed answer for each error; see the table in the README. The error itself is never sent. */
export function errorAnswer(error: unknown): WebhookAnswer {
  if (error instanceof SignatureError) return problem(401, error.fault);
  if (error instanceof BodyError) {
    // The rest of the body may still be arriving: the connection cannot be used again.
    return problem(BODY_FAULT_STATUS[error.fault], error.fault, { connection: 'close' });
  }
  if (error instanceof InboxUnavailableError) {
    return unavailable(error.reason);
  }
  return problem(500, 'error');
}

function unavailable(outcome: WebhookOutcome): WebhookAnswer {
  return problem(503, outcome, { 'retry-after': String(RETRY_AFTER_SECONDS) });
}

function problem(
  status: number,
  outcome: WebhookOutcome,
  headers: Record<string, string> = {},
): WebhookAnswer {
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status }),
    outcome,
  };
}

/** Sends the answer, unless code around the whole application has timed out and answered already. */
export function respond(response: ServerResponse, { status, headers, body }: WebhookAnswer): void {
  if (response.headersSent) return;
  response.writeHead(status, headers);
  response.end(body);
}
