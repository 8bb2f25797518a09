/** Characters that start a formula in spreadsheets (https://owasp.org/www-community/attacks/CSV_Injection). */
const SIGNS = '=+\\-@＝＋－＠';

/**
 * Places where a formula could start: at the start of the cell, and after a semicolon, tab or line break, because
 * spreadsheets in many locales split lines there and ignore quotes in the middle of a line. Quotes in front of a sign do
 * not make it harmless.
 */
const FORMULA_PLACE = `(?:(?<=^)(?=["']*[${SIGNS}\\t\\r\\n])|(?<=[;\\t\\r\\n])(?=["']*[${SIGNS}]))`;

const FORMULA = new RegExp(FORMULA_PLACE, 'g');
const ESCAPED_FORMULA = new RegExp(`(?<=^|[;\\t\\r\\n])'(?=["']*[${SIGNS}])|^'(?=["']*[\\t\\r\\n])`, 'g');

/** Spreadsheets show a number in E.164 as it is, so it needs no escape. */
const E164 = /^\+\d+$/;

/** Escapes a text against spreadsheet formula injection: puts `'` in front of what could be a formula. */
export function csvCell(text: string | null): string {
  if (text === null) return '';
  return E164.test(text) ? text : text.replaceAll(FORMULA, "'");
}

/** Reverses `csvCell`, and trims the text. */
export function textOfCell(cell: string): string {
  return cell.trim().replaceAll(ESCAPED_FORMULA, '');
}
