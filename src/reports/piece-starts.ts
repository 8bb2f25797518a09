import { DateTime } from 'luxon';
import { InvalidReportError, type Interval, type ResolvedPeriod } from './report-request.js';

/** Of one series. More would be a file, not a chart. */
const MAX_POINTS = 10_000;

/**
 * Beginnings of the hours, days, … of a period, in milliseconds since 1970, ascending.
 *
 * @throws {InvalidReportError}
 */
export function startsOf({ from, to }: ResolvedPeriod, interval: Interval, timezone: string): number[] {
  const starts: number[] = [];
  const first = DateTime.fromJSDate(from, { zone: timezone }).startOf(interval);
  // Counted from the first one: a day's length, and the hour it begins at, may change on the way.
  for (let count = 0; ; count += 1) {
    const start = first.plus({ [interval]: count }).startOf(interval);
    // Where clocks are set back at one o'clock (America/Havana), that day has two midnights: it begins with the first.
    const ms = Math.min(...(interval === 'hour' ? [start] : start.getPossibleOffsets()).map(Number));
    if (ms >= to.getTime()) return starts;
    // Where clocks are set back by half an hour (Australia/Lord_Howe), two in a row begin at once.
    if (ms <= (starts.at(-1) ?? -Infinity)) continue;
    if (starts.length === MAX_POINTS) {
      throw new InvalidReportError(
        'interval',
        `must be longer, or the period shorter: ${MAX_POINTS} points at most`,
      );
    }
    starts.push(ms);
  }
}
