/** What the cause of an error has to do with. `carrier` comes with receipts, not with the API's own errors. */
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
  /** What a person can do about it. */
  action: string;
  /** Whether the same request may succeed later without anybody doing anything. */
  isRetryable: boolean;
  /** What became of a message that was to be sent: not accepted for certain, or possibly accepted. */
  outcome: 'rejected' | 'unknown';
}

const REJECTED = { isRetryable: false, outcome: 'rejected' } as const;
const UNKNOWN_OUTCOME = {
  causeClass: 'unknown',
  action: 'Look at the message at Postack, or wait for its events, to see whether it was sent',
  isRetryable: true,
  outcome: 'unknown',
} as const;

/** Postack's documented error codes. */
export const POSTACK_API_CODES = {
  invalid_sender: {
    ...REJECTED,
    causeClass: 'account',
    problem: 'The sender is not one that this account may send from',
    action: 'Send from a number of the Postack account',
  },
  invalid_recipient: {
    ...REJECTED,
    causeClass: 'recipient',
    problem: 'The recipient is not a valid phone number',
    action: 'Write the recipient in E.164: a plus sign, the country code, the number',
  },
  invalid_short_code_recipient: {
    ...REJECTED,
    causeClass: 'recipient',
    problem: 'The recipient is a short code that cannot be sent to',
    action: 'Send to a phone number in E.164 instead of a short code',
  },
  messaging_disabled: {
    ...REJECTED,
    causeClass: 'account',
    problem: 'Messaging is disabled for the account',
    action: 'Have messaging enabled for the account at Postack',
  },
  tollfree_verification_required: {
    ...REJECTED,
    causeClass: 'account',
    problem: 'The sender is a toll-free number that has not been verified',
    action: 'Have the toll-free number verified at Postack, or send from another number',
  },
  missing_campaign: {
    ...REJECTED,
    causeClass: 'account',
    problem: 'The sender belongs to no 10DLC campaign',
    action: 'Add the number to a registered 10DLC campaign at Postack, or send from another number',
  },
  unsupported_destination: {
    ...REJECTED,
    causeClass: 'recipient',
    problem: 'Postack does not send to the country of the recipient',
    action: 'Reach this recipient by another way than Postack',
  },
  destination_disabled: {
    ...REJECTED,
    causeClass: 'account',
    problem: 'Sending to the country of the recipient is disabled for the account',
    action: 'Enable the country in the settings of the account at Postack',
  },
  invalid_text: {
    ...REJECTED,
    causeClass: 'content',
    problem: 'The text is missing or too long',
    action: 'Write a text, or a shorter one',
  },
  invalid_message: {
    ...REJECTED,
    causeClass: 'request',
    problem: 'Postack has no message with this id',
    action:
      'Fetch by the id that Postack gave when the message was sent, with the API key of the same account',
  },
} as const satisfies Record<string, PostackApiErrorEntry>;

/** One of Postack's documented error codes. */
export type PostackApiCode = keyof typeof POSTACK_API_CODES;

/** Whatever else may go wrong with a request. */
export const POSTACK_API_FAULTS = {
  refused: {
    ...REJECTED,
    causeClass: 'unknown',
    problem: 'Postack refused the request for a reason that its documentation does not list',
    action: 'Read what Postack says ("apiMessage"), and check the client\'s options "baseUrl" and "mapping"',
  },
  authentication: {
    ...REJECTED,
    causeClass: 'account',
    problem: 'Postack does not accept the API key for this request',
    action:
      'Set the client\'s option "apiKey" to a key of the Postack account that is valid and may send messages',
  },
  rate_limited: {
    causeClass: 'unknown',
    problem: 'Postack has had too many requests',
    action: 'Lower "requestsPerSecond", and let all processes that use the API key share one request rate',
    isRetryable: true,
    outcome: 'rejected',
  },
  on_hold: {
    causeClass: 'unknown',
    problem: 'No request was made: Postack has asked to make none for a while',
    action: 'Try again after "retryAfterMs"',
    isRetryable: true,
    outcome: 'rejected',
  },
  unavailable: {
    causeClass: 'unknown',
    problem: 'Postack is not available and has not accepted the request',
    action: 'Try again later; should it last, look at the status of Postack',
    isRetryable: true,
    outcome: 'rejected',
  },
  unreachable: {
    causeClass: 'unknown',
    problem: 'No connection to Postack could be made',
    action: 'Check the client\'s option "baseUrl", the name server, the firewall and the certificate',
    isRetryable: true,
    outcome: 'rejected',
  },
  server_error: { ...UNKNOWN_OUTCOME, problem: 'Postack failed while it worked on the request' },
  timeout: { ...UNKNOWN_OUTCOME, problem: 'Postack did not answer within "timeoutMs"' },
  connection_lost: {
    ...UNKNOWN_OUTCOME,
    problem: 'The connection to Postack broke before the whole answer came',
  },
  unreadable_answer: {
    ...UNKNOWN_OUTCOME,
    problem: 'Postack answered in a way that this client does not understand',
    action:
      'Look at the message at Postack to see whether it was sent, and check the client\'s options "baseUrl" and "mapping"',
    // The same would be answered the same.
    isRetryable: false,
  },
} as const satisfies Record<string, PostackApiErrorEntry>;

/** A key of `POSTACK_API_FAULTS`. */
export type PostackApiFault = keyof typeof POSTACK_API_FAULTS;
