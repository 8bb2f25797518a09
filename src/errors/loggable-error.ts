import { storableText } from './storable-text.js';
import { isInstance, readProperty, readThrown } from './thrown.js';

/**
 * Runs of digits, also spaced or hyphenated, that may be a phone number. Addresses with dots and ports are excluded: a
 * log must show which database is unavailable.
 */
const LOOKS_LIKE_A_NUMBER = /(?<![\w.:])(?:\+\d[\d ()-]{4,}\d|\d[\d ()-]{5,}\d)(?!\w|\.\d)/g;

const MAX_LENGTH = 1000;

/** Of errors that consist of errors: they may contain themselves. */
const MAX_DEPTH = 3;

/** An error in one log line: its class and message, with everything that looks like a phone number removed. */
export function loggableError(error: unknown): string {
  // Cut once more at the end: a number must not be cut before it is removed.
  const text = textOf(error)
    .slice(0, 2 * MAX_LENGTH)
    .replaceAll(LOOKS_LIKE_A_NUMBER, '(number)');
  return storableText(text.replaceAll(/\s+/g, ' '), MAX_LENGTH);
}

function textOf(error: unknown, depth = 0): string {
  // When several addresses were tried, each has its own error, and the whole has no message.
  const errors = isInstance(error, AggregateError) ? readProperty(error, 'errors') : undefined;
  if (Array.isArray(errors) && depth < MAX_DEPTH && readProperty(error, 'message') === '') {
    return errors.map((one) => textOf(one, depth + 1)).join('; ');
  }
  if (typeof error !== 'object' || error === null) return readThrown(error).message;
  // pg-boss also emits plain copies of errors.
  const name = readProperty(error, 'name');
  const message = readProperty(error, 'message');
  if (typeof message !== 'string') return 'an error without a message';
  return typeof name === 'string' ? `${name}: ${message}` : message;
}
