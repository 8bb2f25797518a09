import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asTime } from './event-time.js';

const AT = '2025-11-25T10:00:00.000Z';
const SECONDS = Date.parse(AT) / 1000;

describe('asTime', () => {
  it.each([
    ['2025-11-25T10:00:00Z', AT],
    ['2025-11-25T10:00:00.000000Z', AT],
    ['2025-11-25T10:00:00.123456789Z', '2025-11-25T10:00:00.123Z'],
    ['2025-11-25T12:00:00+02:00', AT],
    ['2025-11-25T12:00:00+0200', AT],
    ['2025-11-25T05:00-05', AT],
    ['2025-11-25T10:00:00', AT],
    ['2025-11-25T10:00', AT],
    ['20251125T100000Z', AT],
    ['2025-11-25', '2025-11-25T00:00:00.000Z'],
    ['2025-11-25 10:00:00', AT],
    ['2025-11-25 10:00:00.000', AT],
    ['2025-11-25 10:00:00Z', AT],
    ['2025-11-25 10:00:00+00', AT],
    ['2025-11-25 12:00:00 +02:00', AT],
    ['2025-11-25 10:00:00 UTC', AT],
    ['Tue, 25 Nov 2025 10:00:00 +0000', AT],
    ['Tue, 25 Nov 2025 10:00:00 GMT', AT],
    ['25 Nov 2025 12:00:00 +0200', AT],
    [' 2025-11-25T10:00:00 ', AT],
    [SECONDS, AT],
    [String(SECONDS), AT],
    [`${SECONDS}.25`, '2025-11-25T10:00:00.250Z'],
    [SECONDS + 0.25, '2025-11-25T10:00:00.250Z'],
    [SECONDS * 1e3, AT],
    [`${SECONDS}000`, AT],
    [SECONDS * 1e6, AT],
    [`${SECONDS}000000`, AT],
    [`${SECONDS}000000000`, AT],
  ])('reads %p as %p', (value, expected) => {
    expect(asTime(value)?.toISOString()).toBe(expected);
  });

  it.each([
    ...['', 'yesterday', '10:00', '2025', '11/25/2026 10:00', '25.11.2026 10:00', '1', '20251125'],
    ...['2025-02-30T10:00:00Z', '2025-11-25T25:00:00Z', '1999-12-31T23:59:59Z', '2200-01-01T00:00:00Z'],
    ...[0, -1, 5, 1e30, NaN, true, null, [], {}, [SECONDS]],
  ])('does not read %p', (value) => {
    expect(asTime(value)).toBeNull();
  });

  it('reads every time in every spelling that has milliseconds', () => {
    const times = fc.date({ min: new Date('2001-09-10'), max: new Date('2199-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(times, (time) => {
        const ms = time.getTime();
        const iso = time.toISOString();
        for (const value of [iso, iso.slice(0, -1), iso.replace('T', ' '), ms, String(ms)]) {
          expect(asTime(value)).toEqual(time);
        }
        expect(asTime(`${ms}000`)).toEqual(time);
        expect(asTime(time.toUTCString())).toEqual(new Date(Math.floor(ms / 1000) * 1000));
      }),
    );
  });
});
