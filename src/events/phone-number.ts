/**
 * A phone number (or sender name) that may be written to a log: the first two characters and the last two,
 * the rest replaced. `+15551234567` → `+1********67`. Five characters or fewer (short codes) are masked whole.
 */
export function maskPhoneNumber(number: string | null | undefined): string {
  if (number === null || number === undefined || number === '') return '(none)';
  if (number.length <= 5) return '*'.repeat(number.length);
  return number.slice(0, 2) + '*'.repeat(number.length - 4) + number.slice(-2);
}
