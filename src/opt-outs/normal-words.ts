/**
 * Longer texts are not looked at whole: in hostile ones, normalising takes time that grows with the square of their
 * length. An SMS cannot have more than 39,015 characters; nobody asks to be left alone in more than these.
 */
const MAX_LENGTH = 5000;

/**
 * The words of a text, in lower case and joined by single blanks, without accents, punctuation, quotes and emoji:
 * `“Don't STOP!” 🙂` → `dont stop`. Letters that only look different (full width, bold, circled) are the same.
 */
export function normalWords(text: string): string {
  const plain = text
    .slice(0, MAX_LENGTH)
    .normalize('NFKD')
    .toLowerCase()
    // Accents, characters that show nothing, and apostrophes: what is within words without parting them.
    .replaceAll(/[\p{M}\p{Cf}'’ʼ`´]/gu, '');
  return (plain.match(/[\p{L}\p{N}]+/gu) ?? []).join(' ');
}
