import { ArrayMaxSize, IsInt, Max, Min, ValidateBy } from 'class-validator';
import { POSTACK_CAUSE_CLASSES, type PostackCauseClass } from '../postack-api/postack-api-error-catalogue.js';
import { OPTED_OUT_CODE } from '../suppressions/suppression-record.js';
import { applyOptions, IsWhole } from '../errors/option-rules.js';
import { FAILURE_CATALOGUE, type FailureCatalogue, type FailureCause } from './failure-catalogue.js';

/**
 * What may be done about a message that failed.
 *
 * - `resend`: once more, later; only what is retryable, and of which it is certain that it did not arrive
 * - `suppress`: nothing more to this number, for `failures.suppressDays`
 * - `suppress-permanently`: nothing more to this number, until a person removes the suppression
 * - `alert`: tell a person, once for each code until it is over
 */
export const FAILURE_REACTIONS = ['resend', 'suppress', 'suppress-permanently', 'alert'] as const;

/** One of `FAILURE_REACTIONS`. */
export type FailureReaction = (typeof FAILURE_REACTIONS)[number];

/** By class of causes, or by code, which counts more: what is done. An empty list: nothing. */
export type FailureReactions = Readonly<Record<string, readonly FailureReaction[]>>;

/** What is done unless told otherwise: nothing about what is not understood. */
export const DEFAULT_REACTIONS: FailureReactions & Record<PostackCauseClass, readonly FailureReaction[]> = {
  content: ['alert'],
  recipient: ['suppress'],
  account: ['alert'],
  request: ['alert'],
  carrier: ['resend'],
  unknown: [],
  [OPTED_OUT_CODE]: ['suppress-permanently'],
};

/** A day. */
const MAX_DELAY_MS = 86_400_000;

const DELAYS = {
  message: '"failures.resendDelaysMs" must be at most 10 numbers of milliseconds, up to a day',
};

/** Options of handling messages that do not arrive. */
export class FailuresOptions {
  /** Codes that are not in the catalogue, or that have another meaning here; each entry replaces its default. */
  @Entries(
    ({ causeClass, meaning, action, isRetryable }: Partial<FailureCause>) =>
      POSTACK_CAUSE_CLASSES.some((known) => known === causeClass) &&
      [meaning, action].every((text) => typeof text === 'string') &&
      typeof isRetryable === 'boolean',
    '"failures.catalogue" must have a causeClass, a meaning, an action and isRetryable for each code',
  )
  catalogue: FailureCatalogue = FAILURE_CATALOGUE;

  /**
   * The reactions for each cause class or error code; the code takes precedence, each entry replaces its default. An
   * empty list: none.
   */
  @Entries(
    (list) =>
      Array.isArray(list) && list.every((one: unknown) => FAILURE_REACTIONS.some((known) => known === one)),
    `"failures.reactions" must be lists of ${FAILURE_REACTIONS.join(', ')}`,
  )
  reactions: FailureReactions = DEFAULT_REACTIONS;

  /**
   * Delay before each resend of a message, in milliseconds; as many resends as there are delays. At most 10 delays, each
   * up to a day. Default `[300_000, 3_600_000]` (5 min, 1 h).
   */
  @ArrayMaxSize(10, DELAYS)
  @IsInt({ each: true, ...DELAYS })
  @Min(0, { each: true, ...DELAYS })
  @Max(MAX_DELAY_MS, { each: true, ...DELAYS })
  resendDelaysMs: readonly number[] = [300_000, 3_600_000];

  /** How long the reaction `suppress` blocks a number, in days. 1 to 3,650. Default 30. */
  @IsWhole('days', 1, 3650, 'failures.')
  suppressDays = 30;

  /**
   * After this many hours without a delivery receipt, the state is requested from Postack, and a message without a final
   * one is marked as expired. 1 to 8,760. Default 72.
   */
  @IsWhole('hours', 1, 8760, 'failures.')
  expireAfterHours = 72;

  constructor(given: Partial<FailuresOptions> = {}) {
    applyOptions(this, given, 'failures.');
    this.catalogue = { ...FAILURE_CATALOGUE, ...this.catalogue };
    this.reactions = { ...DEFAULT_REACTIONS, ...this.reactions };
  }
}

/** Every value of an object must be fit. */
function Entries(isFit: (value: object) => boolean, message: string): PropertyDecorator {
  return ValidateBy({
    name: 'entries',
    validator: {
      validate: (entries: Record<string, unknown>) =>
        Object.values(entries).every((value) => typeof value === 'object' && value !== null && isFit(value)),
      defaultMessage: () => message,
    },
  });
}

/** Name of the listener that does something about failures. */
export const FAILURE_REACTIONS_LISTENER = 'failures.react';
