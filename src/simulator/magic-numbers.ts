import type { ApiErrorCode } from './api-errors.js';
import type { LifeEnd } from './outbound-message.js';

/** The effect of sending to a magic number. */
export type MagicNumber = { readonly number: string } & (
  | {
      /** The request gets an error response, and the message is not accepted. */
      readonly does: 'refuse';
      readonly code: ApiErrorCode;
      /** Only the first request with the same sender and text fails. Default: each. */
      readonly isOnce?: true;
    }
  | {
      /** The message is accepted, and ends in this state. */
      readonly does: 'end';
      readonly end: LifeEnd;
    }
  | {
      /**
       * The message is accepted and delivered, but the response is faulty: the connection is closed instead, or the
       * response is sent after `hangMs`, or it is a 200 that is not JSON.
       */
      readonly does: 'spoil';
      readonly answer: SpoiltAnswer;
    }
);

/** The fault of the response to an accepted request. */
export type SpoiltAnswer = 'cut' | 'late' | 'not-json';

/**
 * Recipients with a special effect, whatever the sender and the text. Messages to any other number are delivered.
 * Ordinary mistakes (an invalid recipient, an empty text, an unknown id) need no magic number.
 */
export const MAGIC_NUMBERS = {
  // Rejected, with each of the codes that Postack documents.
  invalidSender: { number: '+15005550001', does: 'refuse', code: 'invalid_sender' },
  invalidRecipient: { number: '+15005550002', does: 'refuse', code: 'invalid_recipient' },
  invalidShortCodeRecipient: { number: '+15005550003', does: 'refuse', code: 'invalid_short_code_recipient' },
  messagingDisabled: { number: '+15005550004', does: 'refuse', code: 'messaging_disabled' },
  tollfreeVerificationRequired: {
    number: '+15005550005',
    does: 'refuse',
    code: 'tollfree_verification_required',
  },
  missingCampaign: { number: '+15005550006', does: 'refuse', code: 'missing_campaign' },
  unsupportedDestination: { number: '+15005550007', does: 'refuse', code: 'unsupported_destination' },
  destinationDisabled: { number: '+15005550008', does: 'refuse', code: 'destination_disabled' },
  invalidText: { number: '+15005550009', does: 'refuse', code: 'invalid_text' },
  invalidMessage: { number: '+15005550010', does: 'refuse', code: 'invalid_message' },

  // Accepted, with an outcome from the carrier.
  delivered: { number: '+15005550100', does: 'end', end: { status: 'delivered' } },
  /** Undelivered, 30003: the phone is temporarily unreachable. */
  unreachable: { number: '+15005550103', does: 'end', end: { status: 'undelivered', errorCode: '30003' } },
  /** Undelivered, 30005: the number is not in service. */
  unknownNumber: { number: '+15005550105', does: 'end', end: { status: 'undelivered', errorCode: '30005' } },
  /** Undelivered, 30006: a landline. */
  landline: { number: '+15005550106', does: 'end', end: { status: 'undelivered', errorCode: '30006' } },
  /** Undelivered, 30007: filtered as spam by the carrier. */
  filtered: { number: '+15005550107', does: 'end', end: { status: 'undelivered', errorCode: '30007' } },
  /** Failed without being sent, 30034: the sender is not registered for 10DLC. */
  unregistered: { number: '+15005550134', does: 'end', end: { status: 'failed', errorCode: '30034' } },
  /** Accepted, but without any events: the message stays queued. */
  silent: { number: '+15005550199', does: 'end', end: { status: 'queued' } },

  // Not accepted, for reasons unrelated to the message.
  serverError: { number: '+15005550200', does: 'refuse', code: 'internal_error' },
  serverErrorOnce: { number: '+15005550201', does: 'refuse', code: 'internal_error', isOnce: true },
  unavailable: { number: '+15005550202', does: 'refuse', code: 'unavailable' },
  unavailableOnce: { number: '+15005550203', does: 'refuse', code: 'unavailable', isOnce: true },
  rateLimitedOnce: { number: '+15005550204', does: 'refuse', code: 'rate_limited', isOnce: true },

  // Accepted, but with a faulty response.
  cutOff: { number: '+15005550300', does: 'spoil', answer: 'cut' },
  late: { number: '+15005550301', does: 'spoil', answer: 'late' },
  notJson: { number: '+15005550302', does: 'spoil', answer: 'not-json' },
} as const satisfies Record<string, MagicNumber>;

const BY_NUMBER = new Map<string, MagicNumber>(
  Object.values(MAGIC_NUMBERS).map((magic) => [magic.number, magic]),
);

/** The magic number of a recipient; `undefined` for ordinary numbers. */
export function magicOf(recipient: string): MagicNumber | undefined {
  return BY_NUMBER.get(recipient);
}
