/** Longer texts are cut before anything else is done with them. Longer than any event, whose text may be quoted. */
const MAX_READ_LENGTH = 1_000_000;

/** What is known of a value that was thrown. */
export interface Thrown {
  /** The error's name; for another value its type. */
  name: string;
  /** The error's message; for another value its text. */
  message: string;
  /** `null` when it has none. */
  stack: string | null;
  /** `null` when it has none. */
  code: string | null;
}

/**
 * Reads a value that was thrown. Never throws, whatever the value is: a proxy, an object without prototype, or one whose
 * getters throw or whose `message` is no text. Each property is read once.
 */
export function readThrown(thrown: unknown): Thrown {
  const isObject = (typeof thrown === 'object' && thrown !== null) || typeof thrown === 'function';
  if (!isObject)
    return { name: typeof thrown, message: textOf(thrown) ?? typeof thrown, stack: null, code: null };
  const message = textOf(readProperty(thrown, 'message'));
  return {
    name: textOf(readProperty(thrown, 'name')) ?? typeof thrown,
    message: message ?? textOf(thrown) ?? 'a value without a message',
    stack: isErrorLike(thrown) ? textOf(readProperty(thrown, 'stack')) : null,
    code: textOf(readProperty(thrown, 'code')),
  };
}

/** A property of a value that may be anything; `undefined` when it cannot be read. */
export function readProperty(value: unknown, name: string): unknown {
  try {
    return (value as Record<string, unknown> | null | undefined)?.[name];
  } catch {
    return undefined;
  }
}

/** `instanceof` for a value that may be anything. */
export function isInstance<Class extends abstract new (...args: never[]) => unknown>(
  value: unknown,
  type: Class,
): value is InstanceType<Class> {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

function isErrorLike(value: unknown): boolean {
  return isInstance(value, Error) || typeof readProperty(value, 'stack') === 'string';
}

/** The value as text, cut if it is very long; `null` when it has none. */
function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value.slice(0, MAX_READ_LENGTH);
  try {
    // eslint-disable-next-line @typescript-eslint/no-base-to-string -- whatever text it has
    return String(value).slice(0, MAX_READ_LENGTH);
  } catch {
    return null;
  }
}
