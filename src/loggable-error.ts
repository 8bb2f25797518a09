/** Runs of digits, also spaced or hyphenated, that may be a phone number. */
const LOOKS_LIKE_A_NUMBER = /\+?\d[\d ().-]{5,}\d/g;

const MAX_LENGTH = 1000;

/** An error in one log line: its class and message, with whatever looks like a phone number blotted out. */
export function loggableError(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, MAX_LENGTH).replaceAll(LOOKS_LIKE_A_NUMBER, '(number)').replaceAll(/\s+/g, ' ');
}
