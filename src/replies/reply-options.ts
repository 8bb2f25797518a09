import {
  ArrayNotEmpty,
  IsBoolean,
  IsIn,
  IsInt,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { normalizePhoneNumber } from '../events/phone-number.js';
import { CLOCK_TIME } from './rules/active-hours.js';
import { HELP_KEYWORDS, START_KEYWORDS, STOP_KEYWORDS } from '../opt-outs/opt-out-keywords.js';

/** For whom an opt-out counts: everything that is sent from any own number, or from the one that was written to. */
export type OptOutScope = 'all' | 'number';

/** Who confirms opt-outs and opt-ins: this backend, Postack (so this backend must not), or nobody. */
export type Confirmations = 'local' | 'provider' | 'off';

/** How customers are answered, and when they are not. All of it has defaults. */
export interface ReplyOptions {
  /** Numbers that are ours, besides those that messages have come in on: they are never replied to. */
  ownNumbers?: readonly string[];
  /** Whether the stored reply rules answer. Default `true`; `false` when your own `ReplyPolicy` classes do it all. */
  rules?: boolean;
  /** Longer messages are refused, in parts as the carrier counts them. From 1 to 40. Default 10. */
  maxSegments?: number;
  /** What STOP, START and HELP do. */
  optOut?: OptOutOptions;
  /** Keeps two auto-responders from writing to each other all night. */
  loopGuard?: LoopGuardOptions;
  /** When solicitations are not sent. */
  quietHours?: QuietHoursOptions;
}

/** What STOP, START and HELP do. */
export interface OptOutOptions {
  /** Default `all`. Whatever it is, the ledger knows on which number each opt-out came in. */
  scope?: OptOutScope;
  /** Default `local`. */
  confirmations?: Confirmations;
  /** Words that stand alone in a message; each list replaces its default. */
  keywords?: { stop?: readonly string[]; start?: readonly string[]; help?: readonly string[] };
  /** What is answered; each text replaces its default. */
  texts?: { stop?: string; start?: string; help?: string };
}

/** Budgets of replies and confirmations to one recipient. */
export interface LoopGuardOptions {
  /** In ten minutes. Default 5. */
  perTenMinutes?: number;
  /** In 24 hours. Default 30. */
  perDay?: number;
  /** Of the very same text in ten minutes. Default 3. */
  identicalTexts?: number;
}

/** Local times of the recipient between which solicitations wait. */
export interface QuietHoursOptions {
  /** `HH:MM`. Default `21:00` (47 CFR 64.1200(c)(1)). */
  from?: string;
  /** `HH:MM`. Default `08:00`. */
  to?: string;
}

const TEXT_MESSAGE = { message: '"replies.optOut.texts" must be texts of 1 to 1,000 characters' };
const KEYWORDS_MESSAGE = {
  message: '"replies.optOut.keywords" must be lists of words with letters or digits, not empty',
};
const BUDGET_MESSAGE = { message: '"replies.loopGuard.$property" must be a whole number, from 1 to 10,000' };
const SEGMENTS_MESSAGE = { message: '"replies.maxSegments" must be a whole number, from 1 to 40' };
const CLOCK_MESSAGE = { message: '"replies.quietHours.$property" must be a time of day, like 08:00' };

/** `ReplyOptions` with every default filled in; `assertValid` checks it. */
export class ResolvedReplyOptions {
  @IsString({ each: true, message: '"replies.ownNumbers" must be a list of numbers, as texts' })
  readonly ownNumbers: readonly string[];

  @IsBoolean({ message: '"replies.rules" must be true or false' })
  readonly rules: boolean;

  @IsInt(SEGMENTS_MESSAGE)
  @Min(1, SEGMENTS_MESSAGE)
  @Max(40, SEGMENTS_MESSAGE)
  readonly maxSegments: number;

  @IsIn(['all', 'number'], { message: '"replies.optOut.scope" must be all or number' })
  readonly optOutScope: OptOutScope;

  @IsIn(['local', 'provider', 'off'], {
    message: '"replies.optOut.confirmations" must be local, provider or off',
  })
  readonly confirmations: Confirmations;

  @ArrayNotEmpty(KEYWORDS_MESSAGE)
  @Matches(/[\p{L}\p{N}]/u, { each: true, ...KEYWORDS_MESSAGE })
  readonly stopKeywords: readonly string[];

  @ArrayNotEmpty(KEYWORDS_MESSAGE)
  @Matches(/[\p{L}\p{N}]/u, { each: true, ...KEYWORDS_MESSAGE })
  readonly startKeywords: readonly string[];

  @ArrayNotEmpty(KEYWORDS_MESSAGE)
  @Matches(/[\p{L}\p{N}]/u, { each: true, ...KEYWORDS_MESSAGE })
  readonly helpKeywords: readonly string[];

  @Matches(/\S/, TEXT_MESSAGE)
  @MaxLength(1000, TEXT_MESSAGE)
  readonly stopText: string;

  @Matches(/\S/, TEXT_MESSAGE)
  @MaxLength(1000, TEXT_MESSAGE)
  readonly startText: string;

  @Matches(/\S/, TEXT_MESSAGE)
  @MaxLength(1000, TEXT_MESSAGE)
  readonly helpText: string;

  @IsInt(BUDGET_MESSAGE)
  @Min(1, BUDGET_MESSAGE)
  @Max(10_000, BUDGET_MESSAGE)
  readonly perTenMinutes: number;

  @IsInt(BUDGET_MESSAGE)
  @Min(1, BUDGET_MESSAGE)
  @Max(10_000, BUDGET_MESSAGE)
  readonly perDay: number;

  @IsInt(BUDGET_MESSAGE)
  @Min(1, BUDGET_MESSAGE)
  @Max(10_000, BUDGET_MESSAGE)
  readonly identicalTexts: number;

  /** The quiet hours, as `HH:MM` of the recipient's day. */
  @Matches(CLOCK_TIME, CLOCK_MESSAGE)
  readonly from: string;

  @Matches(CLOCK_TIME, CLOCK_MESSAGE)
  readonly to: string;

  constructor({ optOut = {}, loopGuard = {}, quietHours = {}, ...options }: ReplyOptions = {}) {
    const { keywords = {}, texts = {} } = optOut;
    this.ownNumbers = (options.ownNumbers ?? []).map((number) =>
      typeof number === 'string' ? normalizePhoneNumber(number) : number,
    );
    this.rules = options.rules ?? true;
    this.maxSegments = options.maxSegments ?? 10;
    this.optOutScope = optOut.scope ?? 'all';
    this.confirmations = optOut.confirmations ?? 'local';
    this.stopKeywords = keywords.stop ?? STOP_KEYWORDS;
    this.startKeywords = keywords.start ?? START_KEYWORDS;
    this.helpKeywords = keywords.help ?? HELP_KEYWORDS;
    this.stopText =
      texts.stop ?? 'You are unsubscribed and will get no more messages. Reply START to resume.';
    this.startText = texts.start ?? 'You are subscribed again. Reply STOP to unsubscribe, HELP for help.';
    this.helpText = texts.help ?? 'Messages from this number are automated. Reply STOP to unsubscribe.';
    this.perTenMinutes = loopGuard.perTenMinutes ?? 5;
    this.perDay = loopGuard.perDay ?? 30;
    this.identicalTexts = loopGuard.identicalTexts ?? 3;
    this.from = quietHours.from ?? '21:00';
    this.to = quietHours.to ?? '08:00';
  }
}

/** Name of the listener that answers by policies and rules; without a way to Postack it is switched off. */
export const AUTO_REPLIES = 'replies';

/** Injection token of the `ResolvedReplyOptions`. */
export const REPLY_OPTIONS = Symbol('nestjs-postack:reply-options');
