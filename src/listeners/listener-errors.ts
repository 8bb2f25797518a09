/**
 * Throw it in a listener when a retry cannot help: the event becomes a dead letter of that listener at once.
 *
 * @example
 * ```ts
 * if (response.status === 422) throw new PermanentError('The CRM rejects this number');
 * ```
 */
export class PermanentError extends Error {
  readonly code: string = 'POSTACK_PERMANENT';
  override readonly name: string = 'PermanentError';
}

/** The longest delay that can be requested: 30 days. */
export const MAX_RETRY_AFTER_MS = 30 * 86_400_000;

/**
 * Throw it in a listener to be retried after a given time instead of by the retry schedule, for example after a 429
 * response with `Retry-After`. It counts as an attempt.
 */
export class RetryAfterError extends Error {
  readonly code: string = 'POSTACK_RETRY_AFTER';
  override readonly name: string = 'RetryAfterError';

  /**
   * @param delayMs Milliseconds from now, from 0 to 30 days.
   * @throws {RangeError} when `delayMs` is anything else.
   */
  constructor(
    readonly delayMs: number,
    message = `retry in ${delayMs} ms`,
    options?: ErrorOptions,
  ) {
    super(message, options);
    if (!(delayMs >= 0 && delayMs <= MAX_RETRY_AFTER_MS)) {
      throw new RangeError(
        `RetryAfterError: delayMs must be from 0 to ${MAX_RETRY_AFTER_MS}; it is ${delayMs}`,
      );
    }
  }
}
