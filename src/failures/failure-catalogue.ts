import {
  POSTACK_API_CODES,
  POSTACK_API_FAULTS,
  type PostackCauseClass,
} from '../postack-api/postack-api-error-catalogue.js';
import { OPTED_OUT_CODE } from '../suppressions/suppression-record.js';

/** Why a message failed. */
export interface FailureCause {
  causeClass: PostackCauseClass;
  /** What the code means. */
  meaning: string;
  /** What an operator should do. */
  action: string;
  /** Whether resending the same message later may succeed without any change. */
  isRetryable: boolean;
}

/** The documented error codes: error code → cause. */
export type FailureCatalogue = Readonly<Record<string, FailureCause>>;

/** Codes reported by carriers, as observed in production. They match Twilio's error codes. */
const CARRIER_CAUSES = {
  '30003': {
    causeClass: 'carrier',
    meaning: 'The phone cannot be reached at the moment: it is switched off or out of coverage',
    action:
      'None if this backend sent the message: it is resent automatically. If the code persists, contact the recipient ' +
      'by other means',
    isRetryable: true,
  },
  '30005': {
    causeClass: 'recipient',
    meaning: 'The number is not in service',
    action: 'Correct or delete the number',
    isRetryable: false,
  },
  '30006': {
    causeClass: 'recipient',
    meaning: 'The number is a landline, or its carrier does not accept SMS',
    action: 'Ask the recipient for a mobile number',
    isRetryable: false,
  },
  '30007': {
    causeClass: 'content',
    meaning: 'The carrier filtered the message as spam',
    action:
      'Check the text, especially its links, and the sending volume; do not resend the message unchanged',
    isRetryable: false,
  },
  '30034': {
    causeClass: 'account',
    meaning: 'The sender does not belong to a registered 10DLC campaign',
    action: 'Add the number to a registered 10DLC campaign at Postack, or send from another number',
    isRetryable: false,
  },
  [OPTED_OUT_CODE]: {
    causeClass: 'recipient',
    meaning: 'The recipient has opted out at the carrier or at Postack',
    action: 'Do not send to this number; the recipient can opt in again by texting START',
    isRetryable: false,
  },
} as const satisfies Record<string, FailureCause>;

/**
 * The built-in catalogue: Postack's own error codes, `authentication` (Postack rejected the API key), and the codes
 * that carriers report.
 */
export const FAILURE_CATALOGUE: FailureCatalogue = {
  ...Object.fromEntries(
    Object.entries({ ...POSTACK_API_CODES, authentication: POSTACK_API_FAULTS.authentication }).map(
      ([code, { causeClass, problem: meaning, action, isRetryable }]) => [
        code,
        { causeClass, meaning, action, isRetryable },
      ],
    ),
  ),
  ...CARRIER_CAUSES,
};

const UNKNOWN: FailureCause = {
  causeClass: 'unknown',
  meaning: 'This code is not documented',
  action: 'Ask Postack what the code means, then add it to the option "failures.catalogue"',
  isRetryable: false,
};

const NONE_GIVEN: FailureCause = {
  ...UNKNOWN,
  meaning: 'Neither Postack nor the carrier gave a reason',
  action: 'Look up the message at Postack',
};

/** The cause behind a code; class `unknown` for a missing code or one that the catalogue does not contain. */
export function causeOf(catalogue: FailureCatalogue, code: string | null): FailureCause {
  if (code === null) return NONE_GIVEN;
  return (Object.hasOwn(catalogue, code) ? catalogue[code] : undefined) ?? UNKNOWN;
}
