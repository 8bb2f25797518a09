/**
 * Runs of digits, also spaced or hyphenated, that may be a phone number. Neither addresses with dots nor ports are
 * taken for one: without them, a log does not tell which database is away.
 */
const LOOKS_LIKE_A_NUMBER = /(?<![\w.:])(?:\+\d[\d ()-]{4,}\d|\d[\d ()-]{5,}\d)(?!\w|\.\d)/g;

const MAX_LENGTH = 1000;

/** An error in one log line: its class and message, with whatever looks like a phone number blotted out. */
export function loggableError(error: unknown): string {
  return textOf(error)
    .slice(0, MAX_LENGTH)
    .replaceAll(LOOKS_LIKE_A_NUMBER, '(number)')
    .replaceAll(/\s+/g, ' ');
}

function textOf(error: unknown): string {
  // Several addresses were tried: each has an error of its own, and the whole has no message.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(textOf).join('; ');
  if (typeof error !== 'object' || error === null) return String(error);
  // Not only instances of Error: pg-boss emits plain copies of them.
  const { name, message } = error as { name?: unknown; message?: unknown };
  if (typeof message !== 'string') return 'an error without a message';
  return typeof name === 'string' ? `${name}: ${message}` : message;
}
