import { ArrayMaxSize, IsInt, Max, Min, ValidateBy } from 'class-validator';
import { POSTACK_CAUSE_CLASSES, type PostackCauseClass } from '../postack-api/postack-api-error-catalogue.js';
import { OPTED_OUT_CODE } from '../suppressions/suppression-record.js';
import { applyOptions, IsWhole } from '../errors/option-rules.js';
import { FAILURE_CATALOGUE, type FailureCatalogue, type FailureCause } from './failure-catalogue.js';

/**
 * Reaction to a message that failed.
 *
 * - `resend`: resends the message after a delay, if the cause is retryable and the message certainly did not arrive
 * - `suppress`: blocks messages to this number for `failures.suppressDays`
 * - `suppress-permanently`: blocks messages to this number until the suppression is removed
 * - `alert`: raises one alert per error code
 */
export const FAILURE_REACTIONS = ['resend', 'suppress', 'suppress-permanently', 'alert'] as const;

/** One of `FAILURE_REACTIONS`. */
export type FailureReaction = (typeof FAILURE_REACTIONS)[number];

/** Cause class or error code → reactions; the code takes precedence. An empty list: none. */
export type FailureReactions = Readonly<Record<string, readonly FailureReaction[]>>;

/** The default reactions; none for unknown causes. */
export const DEFAULT_REACTIONS: FailureReactions & Record<PostackCauseClass, readonly FailureReaction[]> = {
  content: ['alert'],
  recipient: ['suppress'],
  account: ['alert'],
  request: ['alert'],
  carrier: ['resend'],
  unknown: [],
  [OPTED_OUT_CODE]: ['suppress-permanently'],
};

/** 1 day. */
const MAX_DELAY_MS = 86_400_000;

const DELAYS = {
  message:
    '"failures.resendDelaysMs" must be at most 10 numbers of milliseconds, each from 0 to 86400000 (1 day)',
};

/** Options for messages that do not arrive. */
export class FailuresOptions {
  /**
   * Additional error codes, or other causes for known ones; an entry replaces the built-in entry of its code. Default:
   * `FAILURE_CATALOGUE`.
   */
  @Entries(
    ({ causeClass, meaning, action, isRetryable }: Partial<FailureCause>) =>
      POSTACK_CAUSE_CLASSES.some((known) => known === causeClass) &&
      [meaning, action].every((text) => typeof text === 'string') &&
      typeof isRetryable === 'boolean',
    '"failures.catalogue" must have a causeClass, a meaning, an action and isRetryable for each code',
  )
  catalogue: FailureCatalogue = FAILURE_CATALOGUE;

  /**
   * Reactions per cause class or error code; the code takes precedence. An entry replaces the default of its key, an
   * empty list disables all reactions. Default: `DEFAULT_REACTIONS`.
   */
  @Entries(
    (list) =>
      Array.isArray(list) && list.every((one: unknown) => FAILURE_REACTIONS.some((known) => known === one)),
    `"failures.reactions" must be lists of ${FAILURE_REACTIONS.join(', ')}`,
  )
  reactions: FailureReactions = DEFAULT_REACTIONS;

  /**
   * Delay before each resend of a message, in milliseconds; a message is resent once per delay. At most 10 delays, each
   * up to 86,400,000 (1 day). Default `[300_000, 3_600_000]` (5 min, 1 h).
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
   * Hours without a delivery receipt after which the state of a message is requested from Postack; without a final
   * state, the message is marked as expired. 1 to 8,760. Default 72.
   */
  @IsWhole('hours', 1, 8760, 'failures.')
  expireAfterHours = 72;

  constructor(given: Partial<FailuresOptions> = {}) {
    applyOptions(this, given, 'failures.');
    this.catalogue = { ...FAILURE_CATALOGUE, ...this.catalogue };
    this.reactions = { ...DEFAULT_REACTIONS, ...this.reactions };
  }
}

/** Every value of an object must be an object that is valid. */
function Entries(isValid: (value: object) => boolean, message: string): PropertyDecorator {
  return ValidateBy({
    name: 'entries',
    validator: {
      validate: (entries: Record<string, unknown>) =>
        Object.values(entries).every(
          (value) => typeof value === 'object' && value !== null && isValid(value),
        ),
      defaultMessage: () => message,
    },
  });
}

/** Name of the listener that reacts to failures. */
export const FAILURE_REACTIONS_LISTENER = 'failures.react';
