import { normalWords } from './normal-words.js';
import { optOutWording } from './opt-out-wording.js';
import type { OptOutKeywords } from './opt-outs.options.js';

/** What a message asks for. */
export type KeywordMatch =
  | { kind: 'stop' | 'start' | 'help'; /** As it stands in the options. */ keyword: string }
  | {
      kind: 'review';
      /** The words that may ask to be left alone, never the whole message. */ phrase: string;
    };

/**
 * Tells which messages opt out, opt in or ask for help.
 *
 * 47 CFR 64.1200(a)(10)-(12): whoever replies with one of the usual words has opted out; any other wording counts from
 * which a reasonable person would understand it, and that is for a person to see. So keywords count when they are the
 * whole message, whatever its case, accents, punctuation, quotes and emoji; free wording is only told of.
 */
export class KeywordMatcher {
  readonly #matches = new Map<string, KeywordMatch>();
  readonly #stopWords: ReadonlySet<string>;

  constructor({ stop, start, help }: OptOutKeywords) {
    // The first one counts: a word that is in several lists opts out.
    this.#add('stop', stop);
    this.#add('start', start);
    this.#add('help', help);
    this.#stopWords = new Set(stop.map(normalWords).filter((word) => word && !word.includes(' ')));
  }

  /** `null` when the message asks for none of these. */
  classify(text: string): KeywordMatch | null {
    const words = normalWords(text);
    if (words === '') return null;
    const match = this.#matches.get(words);
    if (match) return match;
    const phrase = optOutWording(words, this.#stopWords);
    return phrase === null ? null : { kind: 'review', phrase };
  }

  #add(kind: 'stop' | 'start' | 'help', keywords: readonly string[]): void {
    for (const keyword of keywords) {
      const words = normalWords(keyword);
      if (!this.#matches.has(words)) this.#matches.set(words, { kind, keyword });
    }
  }
}
