/**
 * Every error code of the REST API, with its HTTP status and message. Postack documents the first ten codes, but not
 * their statuses, and no codes for the other errors.
 */
const API_ERRORS = {
  invalid_sender: [400, 'The sender is not a number or name that you may send from.'],
  invalid_recipient: [400, 'The recipient must be a phone number in E.164 format, such as +15550100001.'],
  invalid_short_code_recipient: [400, 'Messages cannot be sent to a short code.'],
  messaging_disabled: [403, 'Messaging is disabled for this account.'],
  tollfree_verification_required: [403, 'The toll-free sender must be verified first.'],
  missing_campaign: [403, 'The sender must be registered with a 10DLC campaign first.'],
  unsupported_destination: [400, 'Messages cannot be sent to this country or network.'],
  destination_disabled: [403, 'This destination is not enabled for this account.'],
  invalid_text: [400, 'The text is missing or longer than 1600 characters.'],
  invalid_message: [404, 'There is no message with this id.'],
  unauthorized: [401, 'The API key is missing or wrong: send "Authorization: Bearer <API key>".'],
  rate_limited: [429, 'Too many requests: wait for the time in Retry-After.'],
  invalid_request: [400, 'The body must be a JSON object of at most 64 KiB.'],
  not_found: [404, 'There is no such resource.'],
  internal_error: [500, 'Internal error; the message was not accepted.'],
  unavailable: [503, 'Service unavailable; the message was not accepted.'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

/** A code in `{ "error": { "code", "message" } }`. */
export type ApiErrorCode = keyof typeof API_ERRORS;

/** An error response of the REST API. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status. */
  readonly status: number;

  constructor(
    readonly code: ApiErrorCode,
    /** For `Retry-After`, in seconds. */
    readonly retryAfterSeconds?: number,
  ) {
    const [status, message] = API_ERRORS[code];
    super(message);
    this.status = status;
  }
}
