import { ArrayMaxSize, IsInt, Max, Min, ValidateBy } from 'class-validator';
import { POSTACK_CAUSE_CLASSES, type PostackCauseClass } from '../postack-api/postack-api-error-catalogue.js';
import { OPTED_OUT_CODE } from '../suppressions/suppression-record.js';
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

/** What becomes of messages that do not arrive. All of it has defaults. */
export interface FailureOptions {
  /** Codes that are not in `FAILURE_CATALOGUE`, or that mean something else here. */
  catalogue?: FailureCatalogue;
  /** What is done, by class of causes or by code; each entry replaces its default. */
  reactions?: FailureReactions;
  /**
   * Wait before each time that a message is sent again, in milliseconds; so many times, and no more. At most 10.
   * Default `[300_000, 3_600_000]` (5 min, 1 h).
   */
  resendDelaysMs?: readonly number[];
  /** For how many days `suppress` keeps messages from a number. 1 to 3,650. Default 30. */
  suppressDays?: number;
  /** Without a receipt for so many hours, Postack is asked, and a message has expired. 1 to 8,760. Default 72. */
  expireAfterHours?: number;
}

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
const SUPPRESS_DAYS = { message: '"failures.suppressDays" must be a whole number of days, from 1 to 3650' };
const EXPIRE_HOURS = {
  message: '"failures.expireAfterHours" must be a whole number of hours, from 1 to 8760',
};

/** `FailureOptions` with every default filled in; `assertValid` checks it. */
export class ResolvedFailureOptions {
  @Entries(
    ({ causeClass, meaning, action, isRetryable }: Partial<FailureCause>) =>
      POSTACK_CAUSE_CLASSES.some((known) => known === causeClass) &&
      [meaning, action].every((text) => typeof text === 'string') &&
      typeof isRetryable === 'boolean',
    '"failures.catalogue" must have a causeClass, a meaning, an action and isRetryable for each code',
  )
  readonly catalogue: FailureCatalogue;

  @Entries(
    (list) =>
      Array.isArray(list) && list.every((one: unknown) => FAILURE_REACTIONS.some((known) => known === one)),
    `"failures.reactions" must be lists of ${FAILURE_REACTIONS.join(', ')}`,
  )
  readonly reactions: FailureReactions;

  @ArrayMaxSize(10, DELAYS)
  @IsInt({ each: true, ...DELAYS })
  @Min(0, { each: true, ...DELAYS })
  @Max(MAX_DELAY_MS, { each: true, ...DELAYS })
  readonly resendDelaysMs: readonly number[];

  @IsInt(SUPPRESS_DAYS)
  @Min(1, SUPPRESS_DAYS)
  @Max(3650, SUPPRESS_DAYS)
  readonly suppressDays: number;

  @IsInt(EXPIRE_HOURS)
  @Min(1, EXPIRE_HOURS)
  @Max(8760, EXPIRE_HOURS)
  readonly expireAfterHours: number;

  constructor(options: FailureOptions = {}) {
    this.catalogue = { ...FAILURE_CATALOGUE, ...options.catalogue };
    this.reactions = { ...DEFAULT_REACTIONS, ...options.reactions };
    this.resendDelaysMs = options.resendDelaysMs ?? [300_000, 3_600_000];
    this.suppressDays = options.suppressDays ?? 30;
    this.expireAfterHours = options.expireAfterHours ?? 72;
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

/** Injection token of the `ResolvedFailureOptions`. */
export const FAILURE_OPTIONS = Symbol('nestjs-postack:failure-options');
