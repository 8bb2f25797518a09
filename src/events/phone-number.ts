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

/** What `parsePhoneNumber` takes, for messages. */
export const NUMBER_RULE =
  'must be a number with + and country code, like +15550100001, a short code, or a sender name';

/** A number that a person gave, in its one spelling; `undefined` when it is none. */
export function parsePhoneNumber(text: string): string | undefined {
  const number = normalizePhoneNumber(text);
  return NUMBER.test(number) ? number : undefined;
}

/** Longer ones are no numbers, and would not fit into an index. */
const MAX_LENGTH = 64;

/** Whatever an event says that a number is, in its one spelling; `null` when that cannot be one. */
export function phoneNumberFromEvent(text: string | null): string | null {
  const number = text === null ? '' : normalizePhoneNumber(text);
  return number === '' || number.length > MAX_LENGTH ? null : number;
}
