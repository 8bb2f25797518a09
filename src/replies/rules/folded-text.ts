/**
 * What comes after these characters is not looked at: normalising takes time that grows with the square of a hostile
 * text's length, and patterns are much shorter.
 */
const MAX_LENGTH = 5000;

/** Takes linear time, also for long runs that the text does not end with. */
const OUTER_PUNCTUATION = /^[\p{P}\s]+|(?<![\p{P}\s])[\p{P}\s]+$/gu;

/** A text in which neither case, nor width of characters, nor blanks make a difference. */
export function foldedText(text: string): string {
  return text.slice(0, MAX_LENGTH).normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ').trim();
}

/** The same without punctuation and quotes around it, unless there is nothing else. */
export function bareText(text: string): string {
  const folded = foldedText(text);
  return folded.replaceAll(OUTER_PUNCTUATION, '') || folded;
}
