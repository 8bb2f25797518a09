/** Kinds of causes of an error. `carrier` only occurs in delivery receipts, not in errors of the API. */
export const POSTACK_CAUSE_CLASSES = [
  'content',
  'recipient',
  'account',
  'request',
  'carrier',
  'unknown',
] as const;

/** One of `POSTACK_CAUSE_CLASSES`. */
export type PostackCauseClass = (typeof POSTACK_CAUSE_CLASSES)[number];

/** One cause of a failed request. */
export interface PostackApiErrorEntry {
  causeClass: PostackCauseClass;
  /** What is wrong. */
  problem: string;
  /** What an operator can do about it. */
  action: string;
  /** Whether the same request may succeed later without any change. */
  isRetryable: boolean;
  /** Outcome of a request to send a message: certainly not accepted, or possibly accepted. */
  outcome: 'rejected' | 'unknown';
}

const REJECTED = { isRetryable: false, outcome: 'rejected' } as const;
const UNKNOWN_OUTCOME = {
  causeClass: 'unknown',
  action: 'Check at Postack, or wait for its events, to find out whether the message was sent',
  isRetryable: true,
  outcome: 'unknown',
} as const;

/** Postack's documented error codes. */
export const POSTACK_API_CODES = {
  invalid_sender: {
    ...REJECTED,
    causeClass: 'account',
    problem: 'The account may not send from this sender',
    action: 'Send from a number of the Postack account',
  },
  invalid_recipient: {
    ...REJECTED,
    causeClass: 'recipient',
    problem: 'The recipient is not a valid phone number',
    action: 'Use a recipient in E.164: a plus sign, the country code, the number',
  },
  invalid_short_code_recipient: {
    ...REJECTED,
    causeClass: 'recipient',
    problem: 'The recipient is a short code, and Postack does not send to it',
    action: 'Send to a phone number in E.164 instead of a short code',
  },
  messaging_disabled: {
    ...REJECTED,
    causeClass: 'account',
    problem: 'Messaging is disabled for the account',
    action: 'Ask Postack to enable messaging for the account',
  },
  tollfree_verification_required: {
    ...REJECTED,
    causeClass: 'account',
    problem: 'The sender is a toll-free number that has not been verified',
    action: 'Verify the toll-free number at Postack, or send from another number',
  },
  missing_campaign: {
    ...REJECTED,
    causeClass: 'account',
    problem: 'The sender does not belong to a 10DLC campaign',
    action: 'Add the number to a registered 10DLC campaign at Postack, or send from another number',
  },
  unsupported_destination: {
    ...REJECTED,
    causeClass: 'recipient',
    problem: "Postack does not send to the recipient's country",
    action: 'Contact this recipient through another channel',
  },
  destination_disabled: {
    ...REJECTED,
    causeClass: 'account',
    problem: "Sending to the recipient's country is disabled for the account",
    action: 'Enable the country in the account settings at Postack',
  },
  invalid_text: {
    ...REJECTED,
    causeClass: 'content',
    problem: 'The text is missing or too long',
    action: 'Provide a text, or shorten it',
  },
  invalid_message: {
    ...REJECTED,
    causeClass: 'request',
    problem: 'Postack has no message with this id',
    action: 'Use the id that Postack returned for the message, and an API key of the same account',
  },
} as const satisfies Record<string, PostackApiErrorEntry>;

/** One of Postack's documented error codes. */
export type PostackApiCode = keyof typeof POSTACK_API_CODES;

/** Other causes of failed requests. */
export const POSTACK_API_FAULTS = {
  refused: {
    ...REJECTED,
    causeClass: 'unknown',
    problem: 'Postack rejected the request with an undocumented error code, or with none',
    action: 'Read the error message of Postack ("apiMessage"), and check the options "baseUrl" and "mapping"',
  },
  authentication: {
    ...REJECTED,
    causeClass: 'account',
    problem: 'Postack does not accept the API key for this request',
    action: 'Set the option "apiKey" to a valid key of the Postack account that may send messages',
  },
  rate_limited: {
    causeClass: 'unknown',
    problem: 'Too many requests',
    action: 'Lower "requestsPerSecond", and share one request rate among all processes that use the API key',
    isRetryable: true,
    outcome: 'rejected',
  },
  on_hold: {
    causeClass: 'unknown',
    problem: 'No request was made, because Postack asked to wait before the next one',
    action: 'Retry after "retryAfterMs"',
    isRetryable: true,
    outcome: 'rejected',
  },
  unavailable: {
    causeClass: 'unknown',
    problem: 'Postack is unavailable and did not accept the request',
    action: 'Retry later; if it persists, check the status page of Postack',
    isRetryable: true,
    outcome: 'rejected',
  },
  unreachable: {
    causeClass: 'unknown',
    problem: 'Could not connect to Postack',
    action: 'Check the option "baseUrl", DNS, the firewall and the certificate',
    isRetryable: true,
    outcome: 'rejected',
  },
  server_error: { ...UNKNOWN_OUTCOME, problem: 'Postack failed to process the request' },
  timeout: { ...UNKNOWN_OUTCOME, problem: 'Postack did not respond within "timeoutMs"' },
  connection_lost: {
    ...UNKNOWN_OUTCOME,
    problem: 'The connection to Postack was lost before the whole response arrived',
  },
  unreadable_answer: {
    ...UNKNOWN_OUTCOME,
    problem: 'Unexpected response from Postack',
    action: 'Check at Postack whether the message was sent, and check the options "baseUrl" and "mapping"',
    // Another request would get the same response.
    isRetryable: false,
  },
} as const satisfies Record<string, PostackApiErrorEntry>;

/** A key of `POSTACK_API_FAULTS`. */
export type PostackApiFault = keyof typeof POSTACK_API_FAULTS;
