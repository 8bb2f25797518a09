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
  /** What a person should do. */
  action: string;
  /** Whether the same message may arrive when it is sent once more, without anybody doing anything. */
  isRetryable: boolean;
}

/** What is known of each error code. */
export type FailureCatalogue = Readonly<Record<string, FailureCause>>;

/** What carriers report, as seen in the field: these are the numbers that Twilio uses. */
const CARRIER_CAUSES = {
  '30003': {
    causeClass: 'carrier',
    meaning: 'The phone cannot be reached for now: it is switched off, or out of coverage',
    action:
      'Nothing, when this backend has sent it: it is sent again. If it lasts, reach this recipient by another way',
    isRetryable: true,
  },
  '30005': {
    causeClass: 'recipient',
    meaning: 'Nobody has this number',
    action: 'Correct the number, or delete it',
    isRetryable: false,
  },
  '30006': {
    causeClass: 'recipient',
    meaning: 'The number is a landline, or its carrier takes no SMS',
    action: 'Ask the recipient for a mobile number',
    isRetryable: false,
  },
  '30007': {
    causeClass: 'content',
    meaning: 'The carrier has filtered the message as spam',
    action:
      'Look at the text, its links above all, and at how many of them are sent; do not send it again as it is',
    isRetryable: false,
  },
  '30034': {
    causeClass: 'account',
    meaning: 'The sender belongs to no registered 10DLC campaign',
    action: 'Add the number to a registered 10DLC campaign at Postack, or send from another number',
    isRetryable: false,
  },
  [OPTED_OUT_CODE]: {
    causeClass: 'recipient',
    meaning: 'The recipient has opted out at the carrier or at Postack',
    action: 'Do not write to this number; the recipient can opt in again by texting START',
    isRetryable: false,
  },
} as const satisfies Record<string, FailureCause>;

/**
 * Every code that is documented: Postack's own, `authentication` when Postack does not accept the API key, and those that
 * carriers report.
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
  meaning: 'Nothing is documented about this code',
  action: 'Ask Postack what it means, and tell this backend in the option "failures.catalogue"',
  isRetryable: false,
};

const NONE_GIVEN: FailureCause = {
  ...UNKNOWN,
  meaning: 'Neither Postack nor the carrier has said why',
  action: 'Look at the message at Postack',
};

/** What a code means; also of codes that the catalogue does not have. */
export function causeOf(catalogue: FailureCatalogue, code: string | null): FailureCause {
  if (code === null) return NONE_GIVEN;
  return (Object.hasOwn(catalogue, code) ? catalogue[code] : undefined) ?? UNKNOWN;
}
