import { parsePhoneNumberFromString } from 'libphonenumber-js/min';

/**
 * A phone number (or sender name) in a form that may be logged: the first two characters and the last two,
 * the rest replaced. `+15551234567` → `+1********67`. Five characters or fewer (short codes) are masked whole.
 */
export function maskPhoneNumber(number: string | null | undefined): string {
  if (number === null || number === undefined || number === '') return '(none)';
  if (number.length <= 5) return '*'.repeat(number.length);
  return number.slice(0, 2) + '*'.repeat(number.length - 4) + number.slice(-2);
}

/** Long enough for a country code and a number: E.164 without its `+`. Short codes are shorter. */
const BARE_DIGITS = /^\d{11,15}$/;

/**
 * The canonical form of a number: E.164 for numbers in international format (`+1 (555) 010-0001`, `15550100001` →
 * `+15550100001`); short codes and alphanumeric senders unchanged, trimmed.
 */
export function normalizePhoneNumber(number: string): string {
  const trimmed = number.trim();
  const international = BARE_DIGITS.test(trimmed) ? `+${trimmed}` : trimmed;
  if (!international.startsWith('+')) return trimmed;
  const parsed = parsePhoneNumberFromString(international);
  if (international !== trimmed && !parsed?.isPossible()) return trimmed;
  return parsed?.number ?? trimmed;
}

/** E.164, a short code, or an alphanumeric sender name. */
const NUMBER = /^(?:\+[1-9]\d{4,14}|\d{3,8}|(?=.*\p{L})[\p{L}\d][\p{L}\d ._&-]{0,10})$/u;

/** What `parsePhoneNumber` accepts, for error messages. */
export const NUMBER_RULE =
  'must be a number with + and country code, like +15550100001, a short code, or a sender name';

/** The canonical form of a number that a person entered; `undefined` when it is not a number. */
export function parsePhoneNumber(text: string): string | undefined {
  const number = normalizePhoneNumber(text);
  return NUMBER.test(number) ? number : undefined;
}

/** Longer texts are not numbers, and do not fit into an index. */
const MAX_LENGTH = 64;

/** The canonical form of a number in an event; `null` when it cannot be a number. */
export function phoneNumberFromEvent(text: string | null): string | null {
  const number = text === null ? '' : normalizePhoneNumber(text);
  return number === '' || number.length > MAX_LENGTH ? null : number;
}
