import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { getCountries, getExampleNumber } from 'libphonenumber-js';
import examples from 'libphonenumber-js/mobile/examples';
import { DateTime } from 'luxon';
import { isTimeZone, quietUntil } from './quiet-hours.js';

const NIGHT = { from: '21:00', until: '08:00' };

/** End of the quiet hours at `at`, ISO 8601 UTC; `null` outside of them. */
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

describe('quietUntil', () => {
  it('starts the quiet hours at 21:00 and ends them at 08:00', () => {
    expect(next(BERLIN, '2026-01-15T19:59:59Z')).toBeNull();
    expect(next(BERLIN, '2026-01-15T20:00Z')).toBe('2026-01-16T07:00Z');
    expect(next(BERLIN, '2026-01-16T06:59:30Z')).toBe('2026-01-16T07:00Z');
    expect(next(BERLIN, '2026-01-16T07:00Z')).toBeNull();
  });

  it('prefers the given time zone to those of the number', () => {
    expect(next(BERLIN, '2026-01-15T20:00Z', NEW_YORK)).toBeNull();
    expect(next(BERLIN, '2026-01-15T12:59Z', NEW_YORK)).toBe('2026-01-15T13:00Z');
    expect(next(BERLIN, '2026-01-15T20:00Z', { timeZone: 'Nowhere/Land' })).toBe('2026-01-16T07:00Z');
  });

  it('lasts until 08:00 local time on days of a clock change', () => {
    // Spring forward, 2026-03-08; fall back, 2026-11-01.
    expect(next('+1', '2026-03-08T03:00Z', NEW_YORK)).toBe('2026-03-08T12:00Z');
    expect(next('+1', '2026-11-01T02:00Z', NEW_YORK)).toBe('2026-11-01T13:00Z');
  });

  it('supports an end in the hour that a clock change skips or repeats', () => {
    const until = { ...NEW_YORK, until: '02:30' };
    expect(next('+1', '2026-03-08T06:00Z', until)).toBe('2026-03-08T07:30Z');
    const twice = { ...NEW_YORK, until: '01:30' };
    expect(next('+1', '2026-11-01T05:00Z', twice)).toBe('2026-11-01T05:30Z');
    expect(next('+1', '2026-11-01T06:10Z', twice)).toBe('2026-11-01T06:30Z');
  });

  it('ends for a country when it is morning in all of its time zones', () => {
    // Honolulu and Adak (UTC-10) are the last to reach 08:00; New York is the first to reach 21:00.
    expect(next('+12125551234', '2026-01-15T14:00Z')).toBe('2026-01-15T18:00Z');
    expect(next('+12125551234', '2026-01-15T18:00Z')).toBeNull();
    expect(next('+12125551234', '2026-01-16T01:59Z')).toBeNull();
    expect(next('+12125551234', '2026-01-16T02:00Z')).toBe('2026-01-16T18:00Z');
  });

  it('covers every country with the calling code when the number fits several', () => {
    // From 08:00 in Guam (UTC+10) to 21:00 in St. John's, Newfoundland (UTC-3:30).
    expect(next('+15550100001', '2026-01-15T18:00Z')).toBe('2026-01-15T22:00Z');
    expect(next('+15550100001', '2026-01-16T00:29Z')).toBeNull();
    expect(next('+15550100001', '2026-01-16T00:30Z')).toBe('2026-01-16T22:00Z');
  });

  it.each(['12345', 'Pizzeria', '+80012345678'])('uses UTC for %s', (to) => {
    expect(next(to, '2026-01-15T20:59Z')).toBeNull();
    expect(next(to, '2026-01-15T21:00Z')).toBe('2026-01-16T08:00Z');
  });

  it('supports quiet hours within one day, and none', () => {
    const siesta = { from: '13:00', until: '16:00' };
    expect(next(BERLIN, '2026-01-15T12:30Z', siesta)).toBe('2026-01-15T15:00Z');
    expect(next(BERLIN, '2026-01-15T20:00Z', siesta)).toBeNull();
    expect(next(BERLIN, '2026-01-15T12:30Z', { from: '08:00', until: '08:00' })).toBeNull();
  });

  it('uses the middle time zone when no moment suits all', () => {
    const almostAlways = { from: '12:00', until: '10:00' };
    const moment = next('+12125551234', '2026-01-15T00:00Z', almostAlways);
    expect(moment).toBe('2026-01-15T16:00Z');
    expect(next('+12125551234', moment!, almostAlways)).toBeNull();
  });

  it('finds an allowed moment within a day for every country', () => {
    const numbers = getCountries().flatMap((country) => getExampleNumber(country, examples)?.number ?? []);
    expect(numbers.length).toBeGreaterThan(200);
    const now = new Date('2026-01-15T00:00Z');
    for (const to of numbers) {
      const until = quietUntil({ to, timeZone: null, now, ...NIGHT });
      expect((until?.getTime() ?? 0) - now.getTime()).toBeLessThanOrEqual(86_400_000);
      if (until) expect(quietUntil({ to, timeZone: null, now: until, ...NIGHT })).toBeNull();
    }
  });

  it('returns a later moment outside the quiet hours, for any time and any hours', () => {
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

describe('isTimeZone', () => {
  it('accepts IANA names only', () => {
    expect(isTimeZone('America/New_York')).toBe(true);
    expect(isTimeZone('UTC')).toBe(true);
    expect(isTimeZone('New York')).toBe(false);
    expect(isTimeZone('')).toBe(false);
  });
});
