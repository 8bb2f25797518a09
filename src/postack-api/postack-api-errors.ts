import {
  POSTACK_API_CODES,
  POSTACK_API_FAULTS,
  type PostackApiCode,
  type PostackApiErrorEntry,
  type PostackApiFault,
  type PostackCauseClass,
} from './postack-api-error-catalogue.js';

/** What is known of one failed request. */
export interface PostackApiFailure {
  /** Making the request twice does no harm: it only reads, or carries an idempotency key that Postack heeds. */
  isRepeatable?: boolean;
  status?: number;
  apiCode?: string | null;
  apiMessage?: string | null;
  retryAfterMs?: number | null;
  cause?: unknown;
}

/** A request to Postack's API that has failed. The message holds neither key nor text nor phone number. */
export abstract class PostackApiError extends Error {
  abstract readonly code: `POSTACK_API_${string}`;
  /** Postack's own code, documented or not; `null` when the answer has none, or there was none. */
  readonly apiCode: string | null;
  /** The HTTP status; `null` when there was no answer. */
  readonly status: number | null;
  /** The same request may succeed later without anybody doing anything. */
  readonly isRetryable: boolean;
  /** False when Postack may have accepted the message: to send it again could be to send it twice. */
  readonly maySendAgain: boolean;
  /** What a person can do about it. */
  readonly action: string;
  /** Postack asks to wait for so long before the next request; `null` when it does not say. */
  readonly retryAfterMs: number | null;
  readonly causeClass: PostackCauseClass;
  // Private, lest a logger that prints all properties prints it.
  readonly #apiMessage: string | null;

  constructor(kind: PostackApiCode | PostackApiFault, failure: PostackApiFailure) {
    const entry: PostackApiErrorEntry = { ...POSTACK_API_CODES, ...POSTACK_API_FAULTS }[kind];
    const maySendAgain = entry.outcome === 'rejected' || failure.isRepeatable === true;
    super(messageOf(entry, failure, maySendAgain), { cause: failure.cause });
    this.apiCode = failure.apiCode ?? null;
    this.#apiMessage = failure.apiMessage ?? null;
    this.status = failure.status ?? null;
    this.retryAfterMs = failure.retryAfterMs ?? null;
    this.isRetryable = entry.isRetryable;
    this.maySendAgain = maySendAgain;
    this.action = entry.action;
    this.causeClass = entry.causeClass;
  }

  /** What Postack says for people to read. It may repeat texts and phone numbers: not for a log. */
  get apiMessage(): string | null {
    return this.#apiMessage;
  }
}

function messageOf(entry: PostackApiErrorEntry, failure: PostackApiFailure, maySendAgain: boolean): string {
  const { status, apiCode, retryAfterMs } = failure;
  const details = [
    status !== undefined && `HTTP ${status}`,
    apiCode ?? false,
    typeof retryAfterMs === 'number' && `wait ${retryAfterMs} ms`,
  ].filter((detail) => detail !== false);
  const told = details.length > 0 ? ` (${details.join(', ')})` : '';
  const warning = maySendAgain ? '' : '. It may have been accepted: do not send it again';
  return `${entry.problem}${told}${warning}. ${entry.action}`;
}

/** Refused with a code that is not documented, or with none (any other 4xx). */
export class PostackRefusedError extends PostackApiError {
  readonly code = 'POSTACK_API_REFUSED';
  override readonly name = 'PostackRefusedError';

  constructor(failure: PostackApiFailure) {
    super('refused', failure);
  }
}

/** The API key is wrong, or may not do this (401, 403). */
export class PostackAuthenticationError extends PostackApiError {
  readonly code = 'POSTACK_API_AUTHENTICATION';
  override readonly name = 'PostackAuthenticationError';

  constructor(failure: PostackApiFailure) {
    super('authentication', failure);
  }
}

/** Too many requests (429): not accepted. */
export class PostackRateLimitedError extends PostackApiError {
  readonly code = 'POSTACK_API_RATE_LIMITED';
  override readonly name = 'PostackRateLimitedError';

  constructor(failure: PostackApiFailure) {
    super('rate_limited', failure);
  }
}

/** No request was made: an earlier one was answered with a `Retry-After` that has not passed yet. */
export class PostackOnHoldError extends PostackApiError {
  readonly code = 'POSTACK_API_ON_HOLD';
  override readonly name = 'PostackOnHoldError';

  constructor(retryAfterMs: number) {
    super('on_hold', { retryAfterMs });
  }
}

/** Temporarily out of service (503): not accepted. */
export class PostackUnavailableError extends PostackApiError {
  readonly code = 'POSTACK_API_UNAVAILABLE';
  override readonly name = 'PostackUnavailableError';

  constructor(failure: PostackApiFailure) {
    super('unavailable', failure);
  }
}

/** Refused connection, unknown host, connect timeout, bad certificate: nothing left this machine. */
export class PostackUnreachableError extends PostackApiError {
  readonly code = 'POSTACK_API_UNREACHABLE';
  override readonly name = 'PostackUnreachableError';

  constructor(failure: PostackApiFailure) {
    super('unreachable', failure);
  }
}

/** It failed at Postack's (any other 5xx), or ran into a timeout or a conflict there (408, 409): outcome unknown. */
export class PostackServerError extends PostackApiError {
  readonly code = 'POSTACK_API_SERVER_ERROR';
  override readonly name = 'PostackServerError';

  constructor(failure: PostackApiFailure) {
    super('server_error', failure);
  }
}

/** No whole answer in time: outcome unknown. */
export class PostackTimeoutError extends PostackApiError {
  readonly code = 'POSTACK_API_TIMEOUT';
  override readonly name = 'PostackTimeoutError';

  constructor(failure: PostackApiFailure) {
    super('timeout', failure);
  }
}

/** The connection broke when the request may have left: outcome unknown. */
export class PostackConnectionLostError extends PostackApiError {
  readonly code = 'POSTACK_API_CONNECTION_LOST';
  override readonly name = 'PostackConnectionLostError';

  constructor(failure: PostackApiFailure) {
    super('connection_lost', failure);
  }
}

/** A 2xx without a message's id, a redirect, or more than 1 MiB: accepted perhaps, as what nobody knows. */
export class PostackUnreadableAnswerError extends PostackApiError {
  readonly code = 'POSTACK_API_UNREADABLE_ANSWER';
  override readonly name = 'PostackUnreadableAnswerError';

  constructor(failure: PostackApiFailure) {
    super('unreadable_answer', failure);
  }
}
