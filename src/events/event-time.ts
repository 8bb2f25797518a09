import { DateTime } from 'luxon';
import type { JsonValue } from './json.js';

/** With seconds and a UTC offset, which `Date.parse` reads the same everywhere. */
const ISO_WITH_OFFSET = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** A day, and more: Luxon would also take a year, or an hour of today. */
const STARTS_WITH_DAY = /^\d{4}-\d\d-\d\d|^\d{8}T/;

/** Seconds, or smaller units, since 1970. */
const UNIX_TIME = /^\d{9,19}(?:\.\d+)?$/;

const EARLIEST_MS = Date.UTC(2000, 0, 1);
const LATEST_MS = Date.UTC(2200, 0, 1);

/**
 * Accepts a time of the years 2000 to 2199: ISO 8601, its spelling in SQL, RFC 2822 (`Tue, 25 Nov 2025 10:00:00 +0000`), and
 * Unix time in seconds, milliseconds, microseconds or nanoseconds, also as a string. Without a UTC offset it is UTC.
 */
export function asTime(value: JsonValue): Date | null {
  const ms = typeof value === 'number' ? unixMs(value) : typeof value === 'string' ? textMs(value) : NaN;
  return ms >= EARLIEST_MS && ms < LATEST_MS ? new Date(ms) : null;
}

function textMs(text: string): number {
  // `Date` takes February 30th for March 2nd.
  if (ISO_WITH_OFFSET.test(text) && Number(text.slice(8, 10)) <= 28) return Date.parse(text);
  const trimmed = text.trim();
  if (UNIX_TIME.test(trimmed)) return unixMs(Number(trimmed));
  const inUtc = { zone: 'utc' };
  const read = STARTS_WITH_DAY.test(trimmed)
    ? [DateTime.fromISO(trimmed, inUtc), DateTime.fromSQL(trimmed, inUtc)]
    : [DateTime.fromRFC2822(trimmed, inUtc), DateTime.fromHTTP(trimmed, inUtc)];
  return read.find(({ isValid }) => isValid)?.toMillis() ?? NaN;
}

/** The size shows the unit: from each of these numbers on, the larger unit would be after the year 5000. */
function unixMs(time: number): number {
  if (time < 1e11) return time * 1000;
  if (time < 1e14) return time;
  return time < 1e17 ? time / 1000 : time / 1e6;
}
