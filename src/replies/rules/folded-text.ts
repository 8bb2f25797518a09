/** Only this many characters are looked at: normalizing a hostile text takes quadratic time, and patterns are shorter. */
const MAX_LENGTH = 5000;

const OUTER_PUNCTUATION = outer('\\p{P}\\s');
const OUTER_SYMBOLS = outer('\\p{P}\\p{So}\\p{Sk}\\s');

/** The lookbehind keeps matching linear for long runs of them in the middle of a text. */
function outer(characters: string): RegExp {
  return new RegExp(`^[${characters}]+|(?<![${characters}])[${characters}]+$`, 'gu');
}

/** Direction marks, zero-width characters, and those that choose the look of an emoji. */
const INVISIBLE = /[\p{Cf}\p{Variation_Selector}]/gu;

/** Normalizes case, character width, whitespace and invisible characters. */
export function foldedText(text: string): string {
  return text
    .replaceAll(INVISIBLE, '')
    .slice(0, MAX_LENGTH)
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** As `foldedText`, without punctuation, quotes and emoji around the text, unless it consists of nothing else. */
export function bareText(text: string): string {
  const folded = foldedText(text);
  return folded.replaceAll(OUTER_SYMBOLS, '') || folded.replaceAll(OUTER_PUNCTUATION, '') || folded;
}
