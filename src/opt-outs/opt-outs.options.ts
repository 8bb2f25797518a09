import { ArrayNotEmpty, IsIn, Matches, MaxLength, ValidateNested } from 'class-validator';
import { applyOptions, OptionGroup } from '../errors/option-rules.js';
import { HELP_KEYWORDS, START_KEYWORDS, STOP_KEYWORDS } from './opt-out-keywords.js';

/** What an opt-out applies to: messages from all own numbers, or from the one that the customer wrote to. */
export type OptOutScope = 'all' | 'number';

/** Who confirms opt-outs and opt-ins: this backend (`local`), Postack (`provider`), or neither. */
export type Confirmations = 'local' | 'provider' | 'off';

const KEYWORDS = {
  message: '"replies.optOut.keywords.$property" must be a list of words with letters or digits, not empty',
};
const TEXT = { message: '"replies.optOut.texts.$property" must be a text of 1 to 1,000 characters' };

/** Words that count when they are the whole message. Each list replaces its default. */
export class OptOutKeywords extends OptionGroup {
  /** Words that opt out. Default: those of 47 CFR 64.1200(a)(10) and their variants, 13 in all. */
  @ArrayNotEmpty(KEYWORDS)
  @Matches(/[\p{L}\p{N}]/u, { each: true, ...KEYWORDS })
  stop: readonly string[] = STOP_KEYWORDS;

  /** Words that opt in again. Default `START`, `YES`, `UNSTOP`. */
  @ArrayNotEmpty(KEYWORDS)
  @Matches(/[\p{L}\p{N}]/u, { each: true, ...KEYWORDS })
  start: readonly string[] = START_KEYWORDS;

  /** Words that ask for help. Default `HELP`, `INFO`. */
  @ArrayNotEmpty(KEYWORDS)
  @Matches(/[\p{L}\p{N}]/u, { each: true, ...KEYWORDS })
  help: readonly string[] = HELP_KEYWORDS;
}

/** The automatic answers to keywords. Each text replaces its default. */
export class OptOutTexts extends OptionGroup {
  /** Confirms an opt-out. 1 to 1,000 characters. */
  @Matches(/\S/, TEXT)
  @MaxLength(1000, TEXT)
  stop = 'You are unsubscribed and will get no more messages. Reply START to resume.';

  /** Confirms an opt-in. 1 to 1,000 characters. */
  @Matches(/\S/, TEXT)
  @MaxLength(1000, TEXT)
  start = 'You are subscribed again. Reply STOP to unsubscribe, HELP for help.';

  /** Answers a request for help. 1 to 1,000 characters. */
  @Matches(/\S/, TEXT)
  @MaxLength(1000, TEXT)
  help = 'Messages from this number are automated. Reply STOP to unsubscribe.';
}

/** Options for STOP, START and HELP. */
export class OptOutOptions {
  /**
   * What an opt-out applies to: messages from `all` own numbers, or only from the `number` that the customer wrote to.
   * The ledger records that number either way. Default `all`.
   */
  @IsIn(['all', 'number'], { message: '"replies.optOut.scope" must be all or number' })
  scope: OptOutScope = 'all';

  /** Who confirms opt-outs and opt-ins: `local` (this backend), `provider` (Postack) or `off`. Default `local`. */
  @IsIn(['local', 'provider', 'off'], {
    message: '"replies.optOut.confirmations" must be local, provider or off',
  })
  confirmations: Confirmations = 'local';

  /** Words that count when they are the whole message. Each list replaces its default. */
  @ValidateNested()
  keywords = new OptOutKeywords();

  /** The automatic answers to keywords. Each text replaces its default. */
  @ValidateNested()
  texts = new OptOutTexts();

  constructor(given: OptOutOptionsInput = {}) {
    applyOptions(this, given, 'replies.optOut.');
  }
}

export interface OptOutOptionsInput extends Partial<Omit<OptOutOptions, 'keywords' | 'texts'>> {
  keywords?: Partial<OptOutKeywords>;
  texts?: Partial<OptOutTexts>;
}
