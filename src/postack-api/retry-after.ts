/** Longer waits are cut to this, a day: one wrong header must not stop the sending for good. */
const LONGEST_MS = 24 * 3_600_000;

/** Every HTTP date ends so (RFC 9110, 5.6.7); what does not, `Date.parse` would only guess at. */
const HTTP_DATE = /^[A-Z][a-z]{2}, .* GMT$/;

/**
 * The wait that a `Retry-After` header asks for (RFC 9110, 10.2.3), in milliseconds from `nowMs`, at most a day.
 *
 * @param header Whole seconds, or an HTTP date.
 * @returns `null` for no header, and for one that is neither; 0 for a date that is past.
 */
export function parseRetryAfter(header: string | null, nowMs = Date.now()): number | null {
  if (header === null) return null;
  const waitMs = /^\d+$/.test(header)
    ? Number(header) * 1000
    : HTTP_DATE.test(header)
      ? Date.parse(header) - nowMs
      : NaN;
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(waitMs, 0), LONGEST_MS);
}
