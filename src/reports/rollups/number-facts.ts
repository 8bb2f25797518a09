import { createHash } from 'node:crypto';
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { phoneNumberFromEvent } from '../../events/phone-number.js';

/** What reports need of a phone number. */
export interface NumberFacts {
  /** In its one spelling. */
  number: string;
  /** Stands for the number wherever it must not be shown: 12 characters, always the same. */
  key: string;
  /** ISO 3166 code; `+1` and the like when only the calling code can be told, else `unknown`. */
  country: string;
}

/** What is not known of a message. */
export const UNKNOWN = 'unknown';

/** Numbers whose facts are remembered: taking one apart costs as much as storing it. */
const MAX_REMEMBERED = 20_000;

const remembered = new Map<string, NumberFacts | null>();

/** The facts of a number as an event tells it; `null` when it cannot be one. */
export function numberFacts(text: string | null): NumberFacts | null {
  if (text === null) return null;
  let facts = remembered.get(text);
  if (facts === undefined) {
    facts = factsOf(text);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(text, facts);
  }
  return facts;
}

/** One line for what two numbers write to each other, whoever writes: a bigint, as a string. */
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
