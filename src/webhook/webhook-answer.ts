import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { UnauthorizedException } from '@nestjs/common';
import { InboxUnavailableError, type Receipt } from '../inbox/inbox.js';
import { BodyError, type BodyFault } from './raw-body.js';
import { SignatureError, type SignatureFault } from './svix-signature.js';

/** Takes a request that nothing has read from yet, and answers it. */
export type WebhookHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** What became of one request, for logs and metrics. */
export type WebhookOutcome =
  Receipt | SignatureFault | BodyFault | 'storage-unavailable' | 'overloaded' | 'error';

/** An HTTP answer, independent of the HTTP library. */
export interface WebhookAnswer {
  status: number;
  headers: Record<string, string>;
  body: string | undefined;
  outcome: WebhookOutcome;
  /** What went wrong, for the log; never sent. */
  error?: unknown;
}

/** Name of the header that says what became of an accepted event. */
export const RECEIPT_HEADER = 'postack-receipt';

/** Seconds after which a sender may try again, sent with every 503. */
export const RETRY_AFTER_SECONDS = 5;

const BODY_FAULT_STATUS: Record<BodyFault, number> = {
  'too-large': 413,
  timeout: 408,
  'cut-off': 400,
  'already-read': 500,
};

/** 204: the event is stored. One object for all answers that are the same. */
export const RECEIPT_ANSWER: Readonly<Record<Receipt, WebhookAnswer>> = {
  accepted: receiptAnswer('accepted'),
  duplicate: receiptAnswer('duplicate'),
  quarantined: receiptAnswer('quarantined'),
};

function receiptAnswer(receipt: Receipt): WebhookAnswer {
  return { status: 204, headers: { [RECEIPT_HEADER]: receipt }, body: undefined, outcome: receipt };
}

/** The fixed answer for everything that can go wrong; see the table in the README. */
export function errorAnswer(error: unknown): WebhookAnswer {
  if (error instanceof UnauthorizedException && error.cause instanceof SignatureError) {
    return problem(401, error.cause.fault, {}, error);
  }
  if (error instanceof BodyError) {
    // The rest of the body may still be on its way: the connection cannot be used again.
    return problem(BODY_FAULT_STATUS[error.fault], error.fault, { connection: 'close' }, error);
  }
  if (error instanceof InboxUnavailableError) {
    return problem(503, error.reason, { 'retry-after': String(RETRY_AFTER_SECONDS) }, error);
  }
  return problem(500, 'error', {}, error);
}

function problem(
  status: number,
  outcome: WebhookOutcome,
  headers: Record<string, string>,
  error: unknown,
): WebhookAnswer {
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status }),
    outcome,
    error,
  };
}
