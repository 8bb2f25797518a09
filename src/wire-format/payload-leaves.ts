import { isJsonObject, parseJson, type JsonValue } from '../events/json.js';

/** A value in a payload that is no object or list, with its path. */
export interface Leaf {
  /** As in the option `payload`: `data.to.0.number`. Of a list, only the first item is looked at. */
  path: string;
  value: string | number | boolean | null;
}

/** Deeper values, and more of them, are left out. */
const MAX_DEPTH = 8;
const MAX_LEAVES = 200;

/** What a sender names: other keys may be data, such as numbers, and are not shown. */
const NAME = /^[A-Za-z_@$][\w@$:/-]{0,60}$/;

/** Stands for the keys of an object that are no names. */
export const OTHER_KEY = '*';

/** The values of a payload, with their paths from the body on. Texts that are JSON are entered. */
export function leavesOf(payload: JsonValue): Leaf[] {
  const leaves: Leaf[] = [];
  collect(payload, [], leaves);
  return leaves;
}

function collect(value: JsonValue, path: readonly string[], leaves: Leaf[]): void {
  if (leaves.length >= MAX_LEAVES || path.length > MAX_DEPTH) return;
  const inner = typeof value === 'string' ? jsonIn(value) : value;
  if (Array.isArray(inner)) {
    if (inner[0] !== undefined) collect(inner[0], [...path, '0'], leaves);
  } else if (isJsonObject(inner)) {
    for (const [key, child] of Object.entries(inner)) {
      if (child !== undefined) collect(child, [...path, NAME.test(key) ? key : OTHER_KEY], leaves);
    }
  } else if (path.length > 0) {
    leaves.push({ path: path.join('.'), value: inner });
  }
}

function jsonIn(text: string): JsonValue {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
