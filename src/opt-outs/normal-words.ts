/**
 * Only this many characters are looked at: normalizing a hostile text takes quadratic time. An SMS has at most 39,015
 * characters, and no genuine request to opt out is longer than these.
 */
const MAX_LENGTH = 5000;

/**
 * The words of a text in lower case, joined by single spaces, without accents, punctuation, quotes and emoji:
 * `“Don't STOP!” 🙂` → `dont stop`. Full-width, bold and circled letters become plain ones.
 */
export function normalWords(text: string): string {
  const plain = text
    // Accents of their own make normalizing take quadratic time; invisible characters take the place of others.
    .replaceAll(/[\p{M}\p{Cf}]/gu, '')
    .trimStart()
    .slice(0, MAX_LENGTH)
    .normalize('NFKD')
    .toLowerCase()
    // Accents, invisible characters and apostrophes, which do not separate words.
    .replaceAll(/[\p{M}\p{Cf}'’ʼ`´]/gu, '');
  return (plain.match(/[\p{L}\p{N}]+/gu) ?? []).join(' ');
}
