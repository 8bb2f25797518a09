import { isJsonObject, type JsonValue } from '../../events/json.js';

/** Far more than any event has, and far less than what overflows the stack when it is written as JSON again. */
const MAX_DEPTH = 500;

/** The body of an event as it is shown: parsed; its text when it is no JSON object, or an absurdly deep one. */
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
