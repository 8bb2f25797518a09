import { setTimeout as sleep } from 'node:timers/promises';

/** Options of the functions that wait. */
export interface WaitOptions {
  /** Time limit. Default 10,000 (10 s). */
  timeoutMs?: number;
  /** Polling interval in milliseconds. Default 10. */
  everyMs?: number;
}

/** The condition was not met in time; the message contains the last known state. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';
}

/** What was waited for, or else the message of the error in case the time is over. */
export type Look<Found> = { found: Found } | { timedOut: () => string };

/**
 * Looks again and again until something is found, and returns it.
 *
 * @throws {WaitTimeoutError}
 */
export async function poll<Found>(
  look: (timeoutMs: number) => Promise<Look<Found>>,
  { timeoutMs = 10_000, everyMs = 10 }: WaitOptions = {},
): Promise<Found> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const result = await look(timeoutMs);
    if ('found' in result) return result.found;
    if (Date.now() > deadline) throw new WaitTimeoutError(result.timedOut());
    await sleep(everyMs);
  }
}
