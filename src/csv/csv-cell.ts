/** What spreadsheets take for the beginning of a formula (https://owasp.org/www-community/attacks/CSV_Injection). */
const SIGNS = '=+\\-@＝＋－＠';

/**
 * Where a cell begins, or may begin to a spreadsheet that separates cells by semicolons or tabs, as those of many countries
 * do: to these, quotes in the middle of a line mean nothing. Quotes before a sign do not make it harmless.
 */
const FORMULA_PLACE = `(?:(?<=^)(?=["']*[${SIGNS}\\t\\r\\n])|(?<=[;\\t\\r\\n])(?=["']*[${SIGNS}]))`;

const FORMULA = new RegExp(FORMULA_PLACE, 'g');
const ESCAPED_FORMULA = new RegExp(`(?<=^|[;\\t\\r\\n])'(?=["']*[${SIGNS}])|^'(?=["']*[\\t\\r\\n])`, 'g');

/** A number in E.164 is shown as one, and does nothing. */
const E164 = /^\+\d+$/;

/** A text as a cell of a CSV file, so that no spreadsheet computes it: what might be a formula gets a `'` in front. */
export function csvCell(text: string | null): string {
  if (text === null) return '';
  return E164.test(text) ? text : text.replaceAll(FORMULA, "'");
}

/** The text that `csvCell` made a cell of, without blanks around. */
export function textOfCell(cell: string): string {
  return cell.trim().replaceAll(ESCAPED_FORMULA, '');
}
