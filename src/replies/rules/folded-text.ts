/** Only this many characters are looked at: normalizing a hostile text takes quadratic time, and patterns are shorter. */
const MAX_LENGTH = 5000;

/** The lookbehind keeps matching linear for long runs of punctuation in the middle of a text. */
const OUTER_PUNCTUATION = /^[\p{P}\s]+|(?<![\p{P}\s])[\p{P}\s]+$/gu;

/** Normalizes case, character width and whitespace. */
export function foldedText(text: string): string {
  return text.slice(0, MAX_LENGTH).normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ').trim();
}

/** As `foldedText`, without punctuation and quotes around the text, unless it consists of nothing else. */
export function bareText(text: string): string {
  const folded = foldedText(text);
  return folded.replaceAll(OUTER_PUNCTUATION, '') || folded;
}
