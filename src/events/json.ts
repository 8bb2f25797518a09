/** Any value that JSON can carry. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

/** A JSON object, as it came off the wire: every property may be missing. */
export interface JsonObject {
  [key: string]: JsonValue | undefined;
}

/** True for `{…}`; false for arrays, `null` and every scalar. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const LONG_NUMBER = /\d{16}/;
const WHOLE_NUMBER = /^-?\d+$/;

/**
 * Parses JSON. A whole number that JavaScript cannot represent exactly becomes a string of its digits: rounded, two
 * different ids would be the same.
 *
 * @throws {SyntaxError}
 */
export function parseJson(text: string): JsonValue {
  return JSON.parse(text, LONG_NUMBER.test(text) ? keepDigits : undefined) as JsonValue;
}

/** `context` is newer than the types of TypeScript. */
function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  const isRounded = typeof value === 'number' && !Number.isSafeInteger(value);
  return isRounded && source !== undefined && WHOLE_NUMBER.test(source) ? source : value;
}
