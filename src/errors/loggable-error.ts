/**
 * Runs of digits, also spaced or hyphenated, that may be a phone number. Addresses with dots and ports are excluded: a
 * log must show which database is unavailable.
 */
const LOOKS_LIKE_A_NUMBER = /(?<![\w.:])(?:\+\d[\d ()-]{4,}\d|\d[\d ()-]{5,}\d)(?!\w|\.\d)/g;

const MAX_LENGTH = 1000;

/** An error in one log line: its class and message, with everything that looks like a phone number removed. */
export function loggableError(error: unknown): string {
  return textOf(error)
    .slice(0, MAX_LENGTH)
    .replaceAll(LOOKS_LIKE_A_NUMBER, '(number)')
    .replaceAll(/\s+/g, ' ');
}

function textOf(error: unknown): string {
  // When several addresses were tried, each has its own error, and the whole has no message.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(textOf).join('; ');
  if (typeof error !== 'object' || error === null) return String(error);
  // pg-boss also emits plain copies of errors.
  const { name, message } = error as { name?: unknown; message?: unknown };
  if (typeof message !== 'string') return 'an error without a message';
  return typeof name === 'string' ? `${name}: ${message}` : message;
}
