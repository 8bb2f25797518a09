import { storableText } from '../errors/storable-text.js';
import { isJsonObject, type JsonValue } from './json.js';

/**
 * Where each field is in the JSON body: dotted paths, tried in order until one leads to a usable value. The paths of
 * message fields are relative to `data`. Postack does not publish its payloads; the default reads the common spellings,
 * and the `payload` option replaces any entry.
 */
export interface PayloadMapping {
  /** Event type (string). Default `['type']`. */
  type: string[];
  /** Time of the event: ISO 8601, or Unix time in seconds or milliseconds. */
  timestamp: string[];
  /** The object that the paths of message fields start from; the body itself when absent. Default `['data']`. */
  data: string[];
  messageId: string[];
  from: string[];
  to: string[];
  text: string[];
  status: string[];
  /** 1 to 64 letters, digits, `_`, `.`, `:` and `-`, with fewer than 7 digits in a row; or a number. */
  errorCode: string[];
  errorMessage: string[];
  /** Number of SMS segments: a whole number from 0 to 255, also as a string. Other values are ignored. */
  segments: string[];
}

/** Default of the `payload` option. */
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

/** The first value at one of the dotted `paths` for which `accept` returns something; else `null`. */
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
 * Accepts strings, and numbers as their digits. What PostgreSQL cannot store in a text (NUL, half surrogate
 * pairs) becomes U+FFFD; the payload keeps it.
 */
export function asText(value: JsonValue): string | null {
  if (typeof value === 'string') return storableText(value);
  return typeof value === 'number' ? String(value) : null;
}

/** Accepts a text that is not empty. */
export function asIdentifier(value: JsonValue): string | null {
  const text = asText(value);
  return text === '' ? null : text;
}

/**
 * Accepts a code: 1 to 64 letters, digits, `_`, `.`, `:` and `-`, without a run of digits that may be a phone number.
 * Codes are counted, shown and logged, so a sentence must not pass as one.
 */
export function asErrorCode(value: JsonValue): string | null {
  const code = asText(value);
  return code !== null && /^(?!.*\d{7})[a-z\d][\w.:-]{0,63}$/i.test(code) ? code : null;
}

/** The number of segments is one byte (3GPP TS 23.040, 9.2.3.24.1). */
const MAX_SEGMENTS = 255;

/** Accepts whole numbers from 0 to 255, also as a string. A larger one would distort every sum that includes it. */
export function asSegments(value: JsonValue): number | null {
  const count = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  const isCount = typeof count === 'number' && Number.isInteger(count) && count >= 0 && count <= MAX_SEGMENTS;
  return isCount ? count : null;
}

/** Unix times from here on are in milliseconds: in seconds, this is the year 5138. */
const FIRST_MILLISECOND_TIME = 1e11;
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const LATEST_MS = Date.UTC(2200, 0, 1);

/** Accepts ISO 8601, Unix seconds and Unix milliseconds of the years 2000 to 2199. */
export function asTime(value: JsonValue): Date | null {
  let ms: number;
  if (typeof value === 'number') ms = value < FIRST_MILLISECOND_TIME ? value * 1000 : value;
  else if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value)) ms = Date.parse(value);
  else return null;
  return ms >= EARLIEST_MS && ms < LATEST_MS ? new Date(ms) : null;
}
