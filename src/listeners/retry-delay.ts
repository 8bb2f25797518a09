import { isInstance, readProperty } from '../errors/thrown.js';
import { MAX_RETRY_AFTER_MS, PermanentError } from './listener-errors.js';
import type { RetryPolicy } from './handler-metadata.js';
import { InvalidRequestError } from '../errors/request-errors.js';

/** ±20 %, so that calls that failed together are not retried together. */
const JITTER = 0.2;

/**
 * Delay before the next attempt, in milliseconds; `null` after the last attempt.
 *
 * @param attempt The call that failed, 1 for the first.
 * @param random From 0 to 1.
 */
export function retryDelayMs(
  error: unknown,
  attempt: number,
  { attempts, firstDelayMs, maxDelayMs }: RetryPolicy,
  random = Math.random(),
): number | null {
  if (isPermanent(error) || attempt >= attempts) return null;
  const asked = askedDelayMs(error);
  if (asked !== undefined) return asked;
  const delayMs = Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(attempt - 1, 40));
  return Math.round(delayMs * (1 - JITTER + 2 * JITTER * random));
}

// By code too: the package may be installed twice.

function isPermanent(error: unknown): boolean {
  // An empty reply, for example, would be empty again.
  if (isInstance(error, PermanentError) || isInstance(error, InvalidRequestError)) return true;
  return readProperty(error, 'code') === 'POSTACK_PERMANENT';
}

function askedDelayMs(error: unknown): number | undefined {
  if (readProperty(error, 'code') !== 'POSTACK_RETRY_AFTER') return undefined;
  const delayMs = readProperty(error, 'delayMs');
  return typeof delayMs === 'number' && delayMs >= 0 ? Math.min(delayMs, MAX_RETRY_AFTER_MS) : undefined;
}
