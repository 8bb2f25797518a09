import {
  POSTACK_API_CODES,
  POSTACK_API_FAULTS,
  type PostackApiCode,
  type PostackApiErrorEntry,
  type PostackApiFault,
  type PostackCauseClass,
} from './postack-api-error-catalogue.js';

/** The facts about a failed request. */
export interface PostackApiFailure {
  /** Whether the request can safely be repeated: it only reads, or carries an idempotency key that Postack honours. */
  isRepeatable?: boolean;
  status?: number;
  apiCode?: string | null;
  apiMessage?: string | null;
  retryAfterMs?: number | null;
  cause?: unknown;
}

/** A failed request to Postack's API. The message contains neither API key, nor text, nor phone number. */
export abstract class PostackApiError extends Error {
  abstract readonly code: `POSTACK_API_${string}`;
  /** Postack's own code, documented or not; `null` without a response, or without a code in it. */
  readonly apiCode: string | null;
  /** The HTTP status; `null` without a response. */
  readonly status: number | null;
  /** Whether the same request may succeed later without any change. */
  readonly isRetryable: boolean;
  /** `false` when Postack may have accepted the message: sending it again could deliver it twice. */
  readonly maySendAgain: boolean;
  /** What an operator can do about it. */
  readonly action: string;
  /** The wait that Postack asks for before the next request; `null` when it does not ask. */
  readonly retryAfterMs: number | null;
  readonly causeClass: PostackCauseClass;
  // Private, so that a logger that prints all properties does not print it.
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

  /** Postack's own error message. Do not log it: it may contain texts and phone numbers. */
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
  const suffix = details.length > 0 ? ` (${details.join(', ')})` : '';
  const warning = maySendAgain ? '' : '. The message may have been accepted: do not send it again';
  return `${entry.problem}${suffix}${warning}. ${entry.action}`;
}

/** Rejected with an undocumented code, or with none (any other 4xx). */
export class PostackRefusedError extends PostackApiError {
  readonly code = 'POSTACK_API_REFUSED';
  override readonly name = 'PostackRefusedError';

  constructor(failure: PostackApiFailure) {
    super('refused', failure);
  }
}

/** The API key is invalid, or lacks the permission for this request (401, 403). */
export class PostackAuthenticationError extends PostackApiError {
  readonly code = 'POSTACK_API_AUTHENTICATION';
  override readonly name = 'PostackAuthenticationError';

  constructor(failure: PostackApiFailure) {
    super('authentication', failure);
  }
}

/** Too many requests (429); not accepted. */
export class PostackRateLimitedError extends PostackApiError {
  readonly code = 'POSTACK_API_RATE_LIMITED';
  override readonly name = 'PostackRateLimitedError';

  constructor(failure: PostackApiFailure) {
    super('rate_limited', failure);
  }
}

/** No request was made: the `Retry-After` of an earlier response has not passed yet. */
export class PostackOnHoldError extends PostackApiError {
  readonly code = 'POSTACK_API_ON_HOLD';
  override readonly name = 'PostackOnHoldError';

  constructor(retryAfterMs: number) {
    super('on_hold', { retryAfterMs });
  }
}

/** Temporarily unavailable (503); not accepted. */
export class PostackUnavailableError extends PostackApiError {
  readonly code = 'POSTACK_API_UNAVAILABLE';
  override readonly name = 'PostackUnavailableError';

  constructor(failure: PostackApiFailure) {
    super('unavailable', failure);
  }
}

/** Connection refused, unknown host, connect timeout or invalid certificate; the request was not sent. */
export class PostackUnreachableError extends PostackApiError {
  readonly code = 'POSTACK_API_UNREACHABLE';
  override readonly name = 'PostackUnreachableError';

  constructor(failure: PostackApiFailure) {
    super('unreachable', failure);
  }
}

/** Postack failed (any other 5xx), or reported a timeout or a conflict (408, 409); outcome unknown. */
export class PostackServerError extends PostackApiError {
  readonly code = 'POSTACK_API_SERVER_ERROR';
  override readonly name = 'PostackServerError';

  constructor(failure: PostackApiFailure) {
    super('server_error', failure);
  }
}

/** No complete response within `timeoutMs`; outcome unknown. */
export class PostackTimeoutError extends PostackApiError {
  readonly code = 'POSTACK_API_TIMEOUT';
  override readonly name = 'PostackTimeoutError';

  constructor(failure: PostackApiFailure) {
    super('timeout', failure);
  }
}

/** The connection was lost after the request may have been sent; outcome unknown. */
export class PostackConnectionLostError extends PostackApiError {
  readonly code = 'POSTACK_API_CONNECTION_LOST';
  override readonly name = 'PostackConnectionLostError';

  constructor(failure: PostackApiFailure) {
    super('connection_lost', failure);
  }
}

/** A 2xx response without a message id, a redirect, or a body of more than 1 MiB; outcome unknown. */
export class PostackUnreadableAnswerError extends PostackApiError {
  readonly code = 'POSTACK_API_UNREADABLE_ANSWER';
  override readonly name = 'PostackUnreadableAnswerError';

  constructor(failure: PostackApiFailure) {
    super('unreadable_answer', failure);
  }
}
