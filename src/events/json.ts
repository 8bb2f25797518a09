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
