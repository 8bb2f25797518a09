import { describe, expect, it } from '@jest/globals';
import { missingEvents, type Silence } from './silence-rule.js';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** A Thursday. */
const NOON = Date.UTC(2026, 0, 29, 12);

/** The hours of the past weeks, with the number of events of each. */
function weeks(count: number, eventsAt: (hourOfDay: number, week: number) => number): Map<number, number> {
  const hours = new Map<number, number>();
  // And 3 more hours, since the hours before and after one count too.
  for (let hour = NOON - (count * 7 * 24 + 3) * HOUR_MS; hour < NOON; hour += HOUR_MS) {
    const week = Math.ceil((NOON - hour) / (7 * 24 * HOUR_MS));
    hours.set(hour, eventsAt(new Date(hour).getUTCHours(), week));
  }
  return hours;
}

function missing(minutesSilent: number, hours: Map<number, number>, change: Partial<Silence> = {}): number {
  const { now = new Date(NOON) } = change;
  const silentSince = new Date(now.getTime() - minutesSilent * MINUTE_MS);
  return missingEvents({ silentSince, hours, minMs: 30 * MINUTE_MS, minEvents: 10, ...change, now });
}

const always = (events: number) => () => events;
const byDay = (hour: number) => (hour >= 8 && hour < 20 ? 60 : 0);

describe('missingEvents', () => {
  it('reports a silence of half an hour in which many events are usual', () => {
    expect(missing(29, weeks(4, always(60)))).toBe(0);
    expect(missing(31, weeks(4, always(60)))).toBe(31);
  });

  it('waits until several events are missing where they are rare', () => {
    expect(missing(90, weeks(4, always(6)))).toBe(0);
    expect(missing(101, weeks(4, always(6)))).toBe(10);
    expect(missing(31, weeks(4, always(6)), { minEvents: 3 })).toBe(3);
  });

  it('ignores hours that usually have no events', () => {
    expect(missing(180, weeks(4, byDay), { now: new Date(NOON - 9 * HOUR_MS) })).toBe(0);
    // The last event arrived yesterday evening, and the morning has just begun.
    const morning = new Date(NOON - 3 * HOUR_MS + 10 * MINUTE_MS);
    expect(missing(14 * 60, weeks(4, byDay), { now: morning })).toBe(0);
    expect(missing(14 * 60, weeks(4, byDay), { now: new Date(NOON - 2 * HOUR_MS) })).toBe(60);
  });

  it('needs two weeks of history', () => {
    expect(missing(600, new Map())).toBe(0);
    expect(missing(600, weeks(1, always(60)))).toBe(0);
    expect(missing(60, weeks(2, always(60)))).toBe(60);
  });

  it('is not affected by one busy week, or one week without any event', () => {
    expect(
      missing(
        300,
        weeks(3, (_hour, week) => (week === 1 ? 600 : 0)),
      ),
    ).toBe(0);
    expect(
      missing(
        60,
        weeks(3, (_hour, week) => (week === 1 ? 0 : 60)),
      ),
    ).toBe(60);
  });

  it('looks back one week at most', () => {
    expect(missing(40 * 24 * 60, weeks(4, always(1)))).toBe(7 * 24);
  });
});
