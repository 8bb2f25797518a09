/** What spreadsheets take for the beginning of a formula (https://owasp.org/www-community/attacks/CSV_Injection). */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** A number in E.164 is shown as one, and does nothing. */
const E164 = /^\+\d+$/;

const ESCAPED_FORMULA = /^'(?=[=+\-@\t\r\n＝＋－＠])/;

/** A text as a cell of a CSV file, so that no spreadsheet computes it: those that might be formulas get a `'` in front. */
export function csvCell(text: string | null): string {
  if (text === null) return '';
  return FORMULA.test(text) && !E164.test(text) ? `'${text}` : text;
}

/** The text that `csvCell` made a cell of, without blanks around. */
export function textOfCell(cell: string): string {
  return cell.trim().replace(ESCAPED_FORMULA, '');
}
