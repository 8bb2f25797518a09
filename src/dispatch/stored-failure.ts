/** A failure as it is stored: enough to find the cause, bounded in size. */
export interface StoredFailure {
  /** When it happened, ISO 8601 UTC. */
  at: string;
  /** The error's class. */
  name: string;
  /** The error's message, cut to 1,000 characters. */
  message: string;
  /** The stack, cut to 4,000 characters; `null` when something other than an `Error` was thrown. */
  stack: string | null;
}

const MAX_MESSAGE_LENGTH = 1000;
const MAX_STACK_LENGTH = 4000;

/** What to store of anything that was thrown. */
export function storedFailure(error: unknown, at = new Date()): StoredFailure {
  const isError = error instanceof Error;
  return {
    at: at.toISOString(),
    name: isError ? error.name : typeof error,
    message: storable(isError ? error.message : String(error), MAX_MESSAGE_LENGTH),
    stack: isError && error.stack !== undefined ? storable(error.stack, MAX_STACK_LENGTH) : null,
  };
}

/** PostgreSQL's jsonb cannot hold NUL. */
function storable(text: string, maxLength: number): string {
  return text.slice(0, maxLength).replaceAll('\0', '\uFFFD');
}
