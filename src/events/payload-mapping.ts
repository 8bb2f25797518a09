import { isJsonObject, type JsonValue } from './json.js';

/**
 * Where to find each fact in the JSON body: dotted paths, tried in order, the first that holds a usable value
 * wins. Message paths are relative to `data`. Postack does not publish its payloads; the default reads the
 * common spellings, and the `payload` option replaces any entry.
 */
export interface PayloadMapping {
  /** Event type (string). Default `['type']`. */
  type: string[];
  /** When it happened: ISO 8601, or Unix time in seconds or milliseconds. */
  timestamp: string[];
  /** The object that the message paths start from; the body itself when absent. Default `['data']`. */
  data: string[];
  messageId: string[];
  from: string[];
  to: string[];
  text: string[];
  status: string[];
  /** 1 to 64 letters, digits, `_`, `.`, `:` and `-`, with less than 7 digits in a row; a number, too. */
  errorCode: string[];
  errorMessage: string[];
  /** Number of segments of the message: a whole number from 0 to 255, also as a string. Larger numbers are ignored. */
  segments: string[];
}

/** The documented default of the `payload` option. */
export const DEFAULT_PAYLOAD_MAPPING: Readonly<PayloadMapping> = {
  type: ['type'],
  timestamp: ['timestamp', 'created_at', 'createdAt'],
  data: ['data'],
  messageId: ['id', 'messageId', 'message_id'],
  from: ['from', 'sender'],
  to: ['to', 'recipient'],
  text: ['text', 'body'],
  status: ['status'],
  errorCode: ['errorCode', 'error_code', 'error.code'],
  errorMessage: ['errorMessage', 'error_message', 'error.message'],
  segments: ['segments'],
};

/** The first value that one of the dotted `paths` leads to and `accept` takes; `null` when none does. */
export function readPath<T>(
  root: JsonValue | undefined,
  paths: string[],
  accept: (value: JsonValue) => T | null,
): T | null {
  for (const path of paths) {
    let value: JsonValue | undefined = root;
    for (const key of path.split('.')) {
      value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    }
    if (value === undefined || value === null) continue;
    const accepted = accept(value);
    if (accepted !== null) return accepted;
  }
  return null;
}

/**
 * A string unchanged, a number as its digits; anything else is not a text. NUL characters, which no PostgreSQL
 * text can hold, become U+FFFD; the payload keeps them.
 */
export function asText(value: JsonValue): string | null {
  if (typeof value === 'string') return value.replaceAll('\0', '\uFFFD');
  return typeof value === 'number' ? String(value) : null;
}

/** A text that is not empty. */
export function asIdentifier(value: JsonValue): string | null {
  const text = asText(value);
  return text === '' ? null : text;
}

/**
 * A code: 1 to 64 letters, digits, `_`, `.`, `:` and `-`, with no digits in a row that might be a phone number. Codes are
 * counted and logged, so a sentence in place of a code is not accepted.
 */
export function asErrorCode(value: JsonValue): string | null {
  const code = asText(value);
  return code !== null && /^(?!.*\d{7})[a-z\d][\w.:-]{0,63}$/i.test(code) ? code : null;
}

/** A message has one byte for its number of segments (3GPP TS 23.040, 9.2.3.24.1). */
const MAX_SEGMENTS = 255;

/** Accepts whole numbers from 0 to 255, also as a string: larger ones would distort every sum. */
export function asSegments(value: JsonValue): number | null {
  const count = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  const isCount = typeof count === 'number' && Number.isInteger(count) && count >= 0 && count <= MAX_SEGMENTS;
  return isCount ? count : null;
}

/** Unix times from here on are milliseconds: in seconds this would be the year 5138. */
const FIRST_MILLISECOND_TIME = 1e11;
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const LATEST_MS = Date.UTC(2200, 0, 1);

/** ISO 8601, Unix seconds or Unix milliseconds, between the years 2000 and 2200; anything else is not a time. */
export function asTime(value: JsonValue): Date | null {
  let ms: number;
  if (typeof value === 'number') ms = value < FIRST_MILLISECOND_TIME ? value * 1000 : value;
  else if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value)) ms = Date.parse(value);
  else return null;
  return ms >= EARLIEST_MS && ms < LATEST_MS ? new Date(ms) : null;
}
