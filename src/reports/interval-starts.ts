import { DateTime } from 'luxon';
import { HOUR_MS } from './report-measures.js';
import { InvalidReportError, type Interval, type ResolvedPeriod } from './report-request.js';

/** Maximum number of points of one series, to limit the size of the response. */
const MAX_POINTS = 10_000;

const TOO_MANY = {
  interval: `must be longer, or the period shorter: ${MAX_POINTS} points at most`,
  from: `must be later: a period of ${MAX_POINTS} hours at most`,
};

/**
 * Start of each hour, day, … of a period, in milliseconds since 1970, ascending.
 *
 * @param parameter What the request has to change if there are too many.
 * @throws {InvalidReportError}
 */
export function intervalStarts(
  { from, to }: ResolvedPeriod,
  interval: Interval,
  timezone: string,
  parameter: keyof typeof TOO_MANY = 'interval',
): number[] {
  const starts: number[] = [];
  const first = DateTime.fromJSDate(from, { zone: timezone }).startOf(interval);
  // Counted from the first one: the length of a day and the hour of its start may change within the period.
  for (let count = 0; ; count += 1) {
    const ms =
      interval === 'hour'
        ? hourAfter(first, count)
        : firstInstant(first.plus({ [interval]: count }).startOf(interval));
    if (ms >= to.getTime()) return starts;
    // If clocks are set back by half an hour (Australia/Lord_Howe), two consecutive hours have the same start.
    if (ms <= (starts.at(-1) ?? -Infinity)) continue;
    if (starts.length === MAX_POINTS) throw new InvalidReportError(parameter, TOO_MANY[parameter]);
    starts.push(ms);
  }
}

/** If clocks are set back at 1:00 (America/Havana), the day has two midnights: it starts at the first one. */
function firstInstant(start: DateTime): number {
  return Math.min(...start.getPossibleOffsets().map(Number));
}

/** Luxon takes a tenth of a second for the hours of some months, so it only gets those that are shifted by minutes. */
function hourAfter(first: DateTime, count: number): number {
  const ms = first.toMillis() + count * HOUR_MS;
  const shift = first.zone.offset(ms) - first.offset;
  return shift % 60 === 0 ? ms : DateTime.fromMillis(ms, { zone: first.zone }).startOf('hour').toMillis();
}
