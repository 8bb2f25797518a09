import { DateTime, IANAZone } from 'luxon';
import { CLOCK_TIME } from '../../outbox/outbox.options.js';

/**
 * A time span on some days of the week, in the local time of a time zone.
 *
 * When `to` is not later than `from`, the span ends on the next day: `22:00` to `06:00` on Friday ends on Saturday
 * morning; `00:00` to `00:00` is the whole day.
 */
export interface ActiveHours {
  /** IANA name, such as `America/New_York`. */
  timeZone: string;
  /** Days on which the span begins: 1 (Monday) to 7 (Sunday), as in ISO 8601. */
  days: number[];
  /** The first minute, `HH:MM`. */
  from: string;
  /** The first minute after the span, `HH:MM`. */
  to: string;
}

/** One line for each invalid property. */
export function problemsWithHours({ timeZone, days, from, to }: ActiveHours): string[] {
  const problems: string[] = [];
  if (typeof timeZone !== 'string' || !IANAZone.isValidZone(timeZone)) {
    problems.push('activeHours.timeZone must be an IANA time zone, like America/New_York');
  }
  const isDay = (day: number) => Number.isInteger(day) && day >= 1 && day <= 7;
  if (!Array.isArray(days) || days.length === 0 || !days.every(isDay)) {
    problems.push('activeHours.days must be a list of days, from 1 (Monday) to 7 (Sunday)');
  }
  for (const [name, time] of Object.entries({ from, to })) {
    if (typeof time !== 'string' || !CLOCK_TIME.test(time)) {
      problems.push(`activeHours.${name} must be a time of day, like 08:00`);
    }
  }
  return problems;
}

/** Whether the local time at this moment is within the hours. On clock changes, the displayed time counts. */
export function isWithinHours({ timeZone, days, from, to }: ActiveHours, at: Date): boolean {
  const local = DateTime.fromJSDate(at, { zone: timeZone });
  const time = local.toFormat('HH:mm');
  const beganToday = days.includes(local.weekday) && time >= from;
  if (from < to) return beganToday && time < to;
  const beganYesterday = days.includes(local.minus({ days: 1 }).weekday) && time < to;
  return beganToday || beganYesterday;
}
