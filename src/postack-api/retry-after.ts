/** Longer waits are cut to 1 day, so that one wrong header cannot stop all sending. */
const MAX_WAIT_MS = 24 * 3_600_000;

/** The format of HTTP dates (RFC 9110, 5.6.7); `Date.parse` would guess at other texts. */
const HTTP_DATE = /^[A-Z][a-z]{2}, .* GMT$/;

/**
 * The wait that a `Retry-After` header asks for (RFC 9110, 10.2.3), in milliseconds from `nowMs`, at most 1 day.
 *
 * @param header Whole seconds, or an HTTP date.
 * @returns `null` without a valid header; 0 for a date in the past.
 */
export function parseRetryAfter(header: string | null, nowMs = Date.now()): number | null {
  if (header === null) return null;
  const waitMs = /^\d+$/.test(header)
    ? Number(header) * 1000
    : HTTP_DATE.test(header)
      ? Date.parse(header) - nowMs
      : NaN;
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(waitMs, 0), MAX_WAIT_MS);
}
