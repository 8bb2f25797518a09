import { createHash } from 'node:crypto';
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { phoneNumberFromEvent } from '../events/phone-number.js';

/** What is kept of a phone number where the number itself must not be shown. */
export interface NumberFacts {
  /** Normalized. */
  number: string;
  /** Stable key of 12 characters that replaces the number where it must not be shown. */
  key: string;
  /** ISO 3166 code; a calling code such as `+1` if the country is ambiguous, else `unknown`. */
  country: string;
}

/** Stands for a key or a country that is unknown. */
export const UNKNOWN = 'unknown';

/** Maximum size of the cache: parsing a number takes as long as storing a message. */
const MAX_CACHED = 20_000;

const cache = new Map<string, NumberFacts | null>();

/** The facts of a number from an event; `null` if it is not a phone number. */
export function numberFacts(text: string | null): NumberFacts | null {
  if (text === null) return null;
  let facts = cache.get(text);
  if (facts === undefined) {
    facts = factsOf(text);
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(text, facts);
  }
  return facts;
}

/** Id of the conversation between two numbers, the same in both directions: a bigint, as a string. */
export function conversationOf(own: NumberFacts, peer: NumberFacts): string {
  return createHash('sha256').update(`${own.number}\n${peer.number}`).digest().readBigInt64BE(0).toString();
}

function factsOf(text: string): NumberFacts | null {
  const number = phoneNumberFromEvent(text);
  if (number === null) return null;
  const parsed = number.startsWith('+') ? parsePhoneNumberFromString(number) : undefined;
  return {
    number,
    key: createHash('sha256').update(number).digest('base64url').slice(0, 12),
    country: parsed?.country ?? (parsed ? `+${parsed.countryCallingCode}` : UNKNOWN),
  };
}
