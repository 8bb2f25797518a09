import { canonicalNumber } from '../../events/phone-number.js';

/** E.164, a short code, or an alphanumeric sender name. */
const NUMBER = /^(?:\+[1-9]\d{4,14}|\d{3,8}|(?=.*\p{L})[\p{L}\d][\p{L}\d ._&-]{0,10})$/u;

/** What `checkedNumber` takes, for messages. */
export const NUMBER_RULE =
  'must be a number with + and country code, like +15550100001, a short code, or a sender name';

/** A number that a person gave, in its one spelling; `undefined` when it is none. */
export function checkedNumber(text: string): string | undefined {
  const number = canonicalNumber(text);
  return NUMBER.test(number) ? number : undefined;
}

/** Longer ones are no numbers, and would not fit into an index. */
const MAX_LENGTH = 64;

/** Whatever an event says that a number is, in its one spelling; `null` when that cannot be one. */
export function toldNumber(text: string | null): string | null {
  const number = text === null ? '' : canonicalNumber(text);
  return number === '' || number.length > MAX_LENGTH ? null : number;
}
