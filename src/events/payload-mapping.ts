import { storableText } from '../errors/storable-text.js';
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from './json.js';

/**
 * Where each field is in the JSON body: dotted paths, tried in order until one leads to a usable value. A number enters a
 * list: `errors.0.code`; a text that is JSON is entered like an object. The paths of message fields are relative to `data`. Postack does not publish its payloads; the
 * default reads the common spellings, and the `payload` option replaces any entry.
 */
export interface PayloadMapping {
  /** Event type (string). Default `['type']`. */
  type: string[];
  /** Time of the event: ISO 8601, RFC 2822, or Unix time. */
  timestamp: string[];
  /** The object that the paths of message fields start from; the body itself when absent. Default `['data']`. */
  data: string[];
  messageId: string[];
  from: string[];
  to: string[];
  text: string[];
  status: string[];
  /** Without the spaces around it: 1 to 64 letters, digits, `_`, `.`, `:` and `-`, with fewer than 7 digits in a row; or a number. */
  errorCode: string[];
  errorMessage: string[];
  /** Number of SMS segments: a whole number from 0 to 255, also as a string. Other values are ignored. */
  segments: string[];
}

/** Field → its path, or several. */
export type PayloadPaths = { [Field in keyof PayloadMapping]?: string | readonly string[] };

/** The same, with a list for each field. */
export function listsOf(payload: PayloadPaths): Partial<PayloadMapping> {
  return Object.fromEntries(Object.entries(payload).map(([field, paths]) => [field, [paths].flat()]));
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

/** The keys of a dotted path. */
export type CompiledPath = readonly string[];

/** `PayloadMapping`, with its paths split. */
export type CompiledMapping = Readonly<Record<keyof PayloadMapping, readonly CompiledPath[]>>;

export function compilePath(path: string): CompiledPath {
  return path.split('.');
}

export function compileMapping(mapping: Readonly<PayloadMapping>): CompiledMapping {
  const compiled = Object.entries(mapping).map(([field, paths]) => [field, paths.map(compilePath)]);
  return Object.fromEntries(compiled) as CompiledMapping;
}

/** What is wrong with the paths of fields. @param name Of the option, for messages. */
export function mappingProblems(mapping: unknown, name: string): string[] {
  if (!isJsonObject(mapping)) return [`"${name}" must be an object of paths`];
  const fields = Object.keys(DEFAULT_PAYLOAD_MAPPING);
  return Object.entries(mapping).flatMap(([field, paths]) => {
    if (!fields.includes(field)) return [`"${name}.${field}" is not a field; there are ${fields.join(', ')}`];
    const isGood = [paths].flat().every((path) => typeof path === 'string' && path !== '');
    return isGood ? [] : [`"${name}.${field}" must be a path, such as data.id, or a list of paths`];
  });
}

/** The value at a path; `undefined` where there is none. */
export function valueAt(root: JsonValue | undefined, path: CompiledPath): JsonValue | undefined {
  let value = root;
  for (const key of path) {
    if (typeof value === 'string') value = jsonIn(value);
    if (Array.isArray(value)) value = LIST_INDEX.test(key) ? value[Number(key)] : undefined;
    else value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}

/** The length of the longest list that a path enters by a number; 0 if it enters none. */
export function longestListOn(root: JsonValue, path: CompiledPath): number {
  let longest = 0;
  path.forEach((key, index) => {
    if (!LIST_INDEX.test(key)) return;
    const list = valueAt(root, path.slice(0, index));
    if (Array.isArray(list)) longest = Math.max(longest, list.length);
  });
  return longest;
}

/** Accepts an object, also as a text that is JSON. */
export function asObject(value: JsonValue): JsonObject | null {
  const object = typeof value === 'string' ? jsonIn(value) : value;
  return isJsonObject(object) ? object : null;
}

/** Some senders put the event into another one as a text. */
function jsonIn(text: string): JsonValue | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

const LIST_INDEX = /^\d{1,6}$/;

/** The first value at one of the paths for which `accept` returns something; else `null`. */
export function readPath<T>(
  root: JsonValue | undefined,
  paths: readonly CompiledPath[],
  accept: (value: JsonValue) => T | null,
): T | null {
  for (const path of paths) {
    const value = valueAt(root, path);
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
  const code = asText(value)?.trim() ?? null;
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
