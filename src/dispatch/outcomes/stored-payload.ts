import { isJsonObject, type JsonValue } from '../../events/json.js';

/** Far deeper than any event, and far below the depth that overflows the stack in `JSON.stringify`. */
const MAX_DEPTH = 500;

/** The body of an event for display: parsed, or its text when it is not a JSON object or nested too deeply. */
export function storedPayload(body: Buffer): JsonValue {
  const text = body.toString('utf8');
  try {
    const payload = JSON.parse(text) as JsonValue;
    return isJsonObject(payload) && !isDeeperThan(payload, MAX_DEPTH) ? payload : text;
  } catch {
    return text;
  }
}

function isDeeperThan(value: JsonValue | undefined, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}
