import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OPT_OUT_CORPUS } from '../../test/opt-outs/opt-out-corpus.js';
import { PUBLIC_LISTS } from '../../test/opt-outs/public-lists.js';
import { OptOutOptions } from './opt-outs.options.js';
import { KeywordMatcher } from './keyword-matcher.js';

const matcher = new KeywordMatcher(new OptOutOptions().keywords);
const kindOf = (text: string) => matcher.classify(text)?.kind ?? 'none';

describe('KeywordMatcher', () => {
  it('classifies every text of the corpus', () => {
    expect(OPT_OUT_CORPUS.length).toBeGreaterThanOrEqual(500);
    expect(PUBLIC_LISTS.length).toBeGreaterThanOrEqual(200);
    const wrong = OPT_OUT_CORPUS.filter(([text, kind]) => kindOf(text) !== kind);
    expect(wrong.map(([text, kind]) => `${JSON.stringify(text)}: ${kindOf(text)}, not ${kind}`)).toEqual([]);
  });

  it('returns the keyword as spelled in the options', () => {
    expect(matcher.classify(' “Arrêt!” ')).toEqual({ kind: 'stop', keyword: 'ARRET' });
    expect(matcher.classify('opt-out')).toEqual({ kind: 'stop', keyword: 'OPT OUT' });
  });

  it('returns only the matching words of free wording', () => {
    expect(matcher.classify('I am Jane Doe of 5 High Street, stop texting me at work!')).toEqual({
      kind: 'review',
      phrase: 'stop texting',
    });
    expect(matcher.classify('OK. Cancel, please')).toEqual({ kind: 'review', phrase: 'cancel' });
  });

  it('uses the configured lists, and opts out by a word that is in several', () => {
    const keywords = { stop: ['ALTO', 'Ya', 'both'], start: ['ALTA', 'both'], help: ['¿Ayuda?', '🛟'] };
    const spanish = new KeywordMatcher(new OptOutOptions({ keywords }).keywords);
    expect(spanish.classify('¡alto!')).toEqual({ kind: 'stop', keyword: 'ALTO' });
    expect(spanish.classify('ALTA')).toEqual({ kind: 'start', keyword: 'ALTA' });
    expect(spanish.classify('ayuda')).toEqual({ kind: 'help', keyword: '¿Ayuda?' });
    expect(spanish.classify('both')).toEqual({ kind: 'stop', keyword: 'both' });
    expect(spanish.classify('STOP')).toBeNull();
    expect(spanish.classify('🙂')).toBeNull();
  });

  it('classifies any text without throwing', () => {
    const words = fc.constantFrom(
      'stop',
      'please',
      'dont',
      'text',
      'me',
      'no',
      'more',
      'the',
      'all',
      'opt',
      'out',
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 2000 }),
      fc.array(words, { maxLength: 300 }).map((list) => list.join(' ')),
    );
    fc.assert(
      fc.property(texts, (text) => ['stop', 'start', 'help', 'review', 'none'].includes(kindOf(text))),
      { numRuns: 300 },
    );
  });

  it.each([
    ['words that begin many patterns', 'dont want all the these those this that your any more further '],
    ['one very long word', 'stopstopstop'],
    ['blanks', ' '],
    ['punctuation', '!'],
    ['accents out of order', '\u0315\u0300\u0316\u0327'],
    ['ligatures that expand to many letters', '\ufdfa'],
    ['polite words', 'please stop thanks '],
  ])('takes linear time for a hostile text of %s', (_what, piece) => {
    const text = piece.repeat(Math.ceil(200_000 / piece.length));
    const began = performance.now();
    kindOf(`${text}x`);
    // Backtracking, or quadratic time, would take minutes.
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});
