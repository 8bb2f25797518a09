import { parsePhoneNumberFromString } from 'libphonenumber-js/min';

/** Marks of the direction of text, zero-width spaces, soft hyphens. */
const INVISIBLE = /\p{Cf}/gu;

/** The number of `tel:` and `sms:` (RFC 3966, RFC 5724). */
const NUMBER_URI = /^(?:tel|sms):([^;?]*).*$/i;

const SEPARATORS = /[\s().\-/]/g;

/**
 * `00` or `011` in place of the `+`; or neither, if there are as many digits as in a country code and a number. Short codes
 * have less.
 */
const PREFIXED = /^(?:(?:00|011)(?=[1-9]\d{6})|(?=\d{11,15}$))(\d{7,15})$/;

/** E.164, a short code, or an alphanumeric sender name. */
const PHONE_NUMBER = /^(?:\+[1-9]\d{4,14}|\d{3,8}|(?=.*\p{L})[\p{L}\d][\p{L}\d ._&-]{0,10})$/u;

/** What `parsePhoneNumber` accepts, for error messages. */
export const NUMBER_RULE =
  'must be a number with + and country code, like +15550100001, a short code, or a sender name';

/** Longer values in events are not numbers, and would not fit into an index. In characters. */
const MAX_LENGTH = 64;

/** The spellings that were met last: parsing one costs as much as verifying a signature. */
const known = new Map<string, string>();
const MAX_KNOWN = 20_000;

/**
 * Brings a number to its one spelling: E.164 for international numbers (`+1 (555) 010-0001`, `15550100001`,
 * `0015550100001` and `tel:+15550100001` become `+15550100001`); short codes and sender names stay as they are. Invisible
 * characters are taken off, and full-width ones made narrow. Accepts any text; see `parsePhoneNumber` for input.
 */
export function normalizePhoneNumber(number: string): string {
  let normalized = known.get(number);
  if (normalized !== undefined) return normalized;
  normalized = normalize(number);
  if (number.length > MAX_LENGTH) return normalized;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(number, normalized);
  return normalized;
}

function normalize(number: string): string {
  const visible = number.normalize('NFKC').replace(INVISIBLE, '').trim();
  const trimmed = visible.replace(NUMBER_URI, '$1');
  const international = trimmed.replace(SEPARATORS, '').replace(PREFIXED, '+$1');
  if (!international.startsWith('+')) return trimmed;
  const parsed = parsePhoneNumberFromString(international);
  if (!trimmed.startsWith('+') && !parsed?.isPossible()) return trimmed;
  return parsed?.number ?? trimmed;
}

/** Normalizes a number that a person or an API client entered; `undefined` when it is not a number. */
export function parsePhoneNumber(text: string): string | undefined {
  const number = normalizePhoneNumber(text);
  return PHONE_NUMBER.test(number) ? number : undefined;
}

/** Normalizes a number of an event, which may be in any format; `null` when it is empty or too long. */
export function phoneNumberFromEvent(text: string | null): string | null {
  const number = text === null ? '' : normalizePhoneNumber(text);
  return number === '' || number.length > MAX_LENGTH ? null : number;
}

/**
 * Masks a phone number or sender name for logs: the first two and the last two characters stay. `+15551234567` becomes
 * `+1********67`. Values of five characters or fewer (short codes) are masked completely.
 */
export function maskPhoneNumber(number: string | null | undefined): string {
  if (number === null || number === undefined || number === '') return '(none)';
  if (number.length <= 5) return '*'.repeat(number.length);
  return number.slice(0, 2) + '*'.repeat(number.length - 4) + number.slice(-2);
}
