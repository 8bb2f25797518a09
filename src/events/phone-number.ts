import { parsePhoneNumberFromString } from 'libphonenumber-js/min';

/**
 * A phone number (or sender name) that may be written to a log: the first two characters and the last two,
 * the rest replaced. `+15551234567` → `+1********67`. Five characters or fewer (short codes) are masked whole.
 */
export function maskPhoneNumber(number: string | null | undefined): string {
  if (number === null || number === undefined || number === '') return '(none)';
  if (number.length <= 5) return '*'.repeat(number.length);
  return number.slice(0, 2) + '*'.repeat(number.length - 4) + number.slice(-2);
}

/** Long enough for a country code and a number: E.164 whose `+` somebody has left out. Short codes are shorter. */
const BARE_DIGITS = /^\d{11,15}$/;

/**
 * One spelling for each number: E.164 for whatever is written internationally (`+1 (555) 010-0001`, `15550100001` →
 * `+15550100001`); short codes and alphanumeric senders as they are, without the blanks around.
 */
export function canonicalNumber(number: string): string {
  const trimmed = number.trim();
  const international = BARE_DIGITS.test(trimmed) ? `+${trimmed}` : trimmed;
  if (!international.startsWith('+')) return trimmed;
  const parsed = parsePhoneNumberFromString(international);
  if (international !== trimmed && !parsed?.isPossible()) return trimmed;
  return parsed?.number ?? trimmed;
}
