import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { getCountries, getExampleNumber } from 'libphonenumber-js';
import examples from 'libphonenumber-js/mobile/examples';
import { DateTime } from 'luxon';
import { isTimeZone, quietUntil } from './quiet-hours.js';

const NIGHT = { from: '21:00', until: '08:00' };

/** The next moment, ISO 8601 UTC; `null` when that is `at`. */
function next(
  to: string,
  at: string,
  options: Partial<Parameters<typeof quietUntil>[0]> = {},
): string | null {
  const until = quietUntil({ to, timeZone: null, now: new Date(at), ...NIGHT, ...options });
  return until?.toISOString().replace(':00.000Z', 'Z') ?? null;
}

const BERLIN = '+4915123456789';
const NEW_YORK = { timeZone: 'America/New_York' };

describe('the quiet hours', () => {
  it('begin at nine in the evening and end at eight in the morning', () => {
    expect(next(BERLIN, '2026-01-15T19:59:59Z')).toBeNull();
    expect(next(BERLIN, '2026-01-15T20:00Z')).toBe('2026-01-16T07:00Z');
    expect(next(BERLIN, '2026-01-16T06:59:30Z')).toBe('2026-01-16T07:00Z');
    expect(next(BERLIN, '2026-01-16T07:00Z')).toBeNull();
  });

  it('are those of the given time zone rather than of the number', () => {
    expect(next(BERLIN, '2026-01-15T20:00Z', NEW_YORK)).toBeNull();
    expect(next(BERLIN, '2026-01-15T12:59Z', NEW_YORK)).toBe('2026-01-15T13:00Z');
    expect(next(BERLIN, '2026-01-15T20:00Z', { timeZone: 'Nowhere/Land' })).toBe('2026-01-16T07:00Z');
  });

  it('last until the clocks show eight on the days on which they change', () => {
    // Spring forward, 2026-03-08; fall back, 2026-11-01.
    expect(next('+1', '2026-03-08T03:00Z', NEW_YORK)).toBe('2026-03-08T12:00Z');
    expect(next('+1', '2026-11-01T02:00Z', NEW_YORK)).toBe('2026-11-01T13:00Z');
  });

  it('may end at a time that the clocks leave out, or show twice', () => {
    const until = { ...NEW_YORK, until: '02:30' };
    expect(next('+1', '2026-03-08T06:00Z', until)).toBe('2026-03-08T07:30Z');
    const twice = { ...NEW_YORK, until: '01:30' };
    expect(next('+1', '2026-11-01T05:00Z', twice)).toBe('2026-11-01T05:30Z');
    expect(next('+1', '2026-11-01T06:10Z', twice)).toBe('2026-11-01T06:30Z');
  });

  it('end for a country when it is morning in all of its time zones', () => {
    // Honolulu is at UTC-10, and with Adak the last; New York the first to be at nine in the evening.
    expect(next('+12125551234', '2026-01-15T14:00Z')).toBe('2026-01-15T18:00Z');
    expect(next('+12125551234', '2026-01-15T18:00Z')).toBeNull();
    expect(next('+12125551234', '2026-01-16T01:59Z')).toBeNull();
    expect(next('+12125551234', '2026-01-16T02:00Z')).toBe('2026-01-16T18:00Z');
  });

  it('are those of every country with the calling code, when the number does not tell which', () => {
    // From eight in the morning in Guam (UTC+10) to nine in the evening in St. John's, Newfoundland (UTC-3:30).
    expect(next('+15550100001', '2026-01-15T18:00Z')).toBe('2026-01-15T22:00Z');
    expect(next('+15550100001', '2026-01-16T00:29Z')).toBeNull();
    expect(next('+15550100001', '2026-01-16T00:30Z')).toBe('2026-01-16T22:00Z');
  });

  it.each(['12345', 'Pizzeria', '+80012345678'])('are those of UTC for %s', (to) => {
    expect(next(to, '2026-01-15T20:59Z')).toBeNull();
    expect(next(to, '2026-01-15T21:00Z')).toBe('2026-01-16T08:00Z');
  });

  it('may lie within one day, or be none', () => {
    const siesta = { from: '13:00', until: '16:00' };
    expect(next(BERLIN, '2026-01-15T12:30Z', siesta)).toBe('2026-01-15T15:00Z');
    expect(next(BERLIN, '2026-01-15T20:00Z', siesta)).toBeNull();
    expect(next(BERLIN, '2026-01-15T12:30Z', { from: '08:00', until: '08:00' })).toBeNull();
  });

  it('are those of the zone in the middle when no moment suits all', () => {
    const almostAlways = { from: '12:00', until: '10:00' };
    const moment = next('+12125551234', '2026-01-15T00:00Z', almostAlways);
    expect(moment).toBe('2026-01-15T16:00Z');
    expect(next('+12125551234', moment!, almostAlways)).toBeNull();
  });

  it('let a moment a day through in every country, at which it is day everywhere in it', () => {
    const numbers = getCountries().flatMap((country) => getExampleNumber(country, examples)?.number ?? []);
    expect(numbers.length).toBeGreaterThan(200);
    const now = new Date('2026-01-15T00:00Z');
    for (const to of numbers) {
      const until = quietUntil({ to, timeZone: null, now, ...NIGHT });
      expect((until?.getTime() ?? 0) - now.getTime()).toBeLessThanOrEqual(86_400_000);
      if (until) expect(quietUntil({ to, timeZone: null, now: until, ...NIGHT })).toBeNull();
    }
  });

  it('end, at any time of any year and for any hours, at a moment that is not quiet', () => {
    const clock = fc
      .integer({ min: 0, max: 1439 })
      .map((minutes) => DateTime.fromMillis(minutes * 60_000, { zone: 'utc' }).toFormat('HH:mm'));
    const zones = fc.constantFrom(
      'America/New_York',
      'Europe/Berlin',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
    );
    const times = fc.date({ min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(clock, clock, zones, times, (from, until, timeZone, now) => {
        const query = { to: BERLIN, timeZone, from, until };
        const end = quietUntil({ ...query, now });
        return end === null || (end > now && quietUntil({ ...query, now: end }) === null);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a time zone', () => {
  it('is one by its IANA name', () => {
    expect(isTimeZone('America/New_York')).toBe(true);
    expect(isTimeZone('UTC')).toBe(true);
    expect(isTimeZone('New York')).toBe(false);
    expect(isTimeZone('')).toBe(false);
  });
});
