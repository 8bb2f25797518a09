import { normalWords } from './normal-words.js';
import { besideKeyword, optOutWording } from './opt-out-wording.js';
import { aboveSignature, withoutQuotedText } from './quoted-text.js';
import type { OptOutKeywords } from './opt-outs.options.js';

/** What a message asks for. */
export type KeywordMatch =
  | { kind: 'stop' | 'start' | 'help'; /** As spelled in the options. */ keyword: string }
  | { kind: 'review'; /** The words that may ask to opt out, never the whole message. */ phrase: string };

/**
 * Recognises messages that opt out, opt in or ask for help.
 *
 * 47 CFR 64.1200(a)(10)-(12): a reply with one of the usual words opts out, and so does any other wording that a
 * reasonable person would understand as a request to opt out. So a keyword counts when it is the whole message, apart from
 * case, accents, punctuation, quotes, emoji, and a signature below it; free wording is only flagged for review by an
 * operator. What others have written (reactions, quotations) says nothing.
 */
export class KeywordMatcher {
  readonly #matches = new Map<string, KeywordMatch>();
  readonly #stopWords: ReadonlySet<string>;

  constructor({ stop, start, help }: OptOutKeywords) {
    // The first list wins, so a word that is in several lists opts out.
    this.#add('stop', stop);
    this.#add('start', start);
    this.#add('help', help);
    this.#stopWords = new Set(stop.map(normalWords).filter((word) => word && !word.includes(' ')));
  }

  /** What the message asks for; `null` for any other message. */
  classify(text: string): KeywordMatch | null {
    const words = normalWords(text);
    if (words === '') return null;
    const above = aboveSignature(text);
    const match =
      this.#matches.get(words) ?? (above === null ? undefined : this.#matches.get(normalWords(above)));
    if (match) return match;
    const own = withoutQuotedText(text);
    const phrase = optOutWording(normalWords(own), this.#stopWords) ?? besideKeyword(own, this.#stopWords);
    return phrase === null ? null : { kind: 'review', phrase };
  }

  #add(kind: 'stop' | 'start' | 'help', keywords: readonly string[]): void {
    for (const keyword of keywords) {
      const words = normalWords(keyword);
      if (words !== '' && !this.#matches.has(words)) this.#matches.set(words, { kind, keyword });
    }
  }
}
