import { describe, expect, it } from '@jest/globals';
import { previousPeriod } from './compared.js';

const previous = (from: string, to: string, zone = 'UTC') => {
  const period = previousPeriod({ from: new Date(from), to: new Date(to) }, zone);
  expect(period.to).toEqual(new Date(from));
  return period.from.toISOString();
};

describe('previousPeriod', () => {
  it('is the month before a month, however long they are', () => {
    expect(previous('2026-03-01T00:00Z', '2026-04-01T00:00Z')).toBe('2026-02-01T00:00:00.000Z');
    expect(previous('2026-04-01T00:00Z', '2026-07-01T00:00Z')).toBe('2026-01-01T00:00:00.000Z');
  });

  it('is as many days before, also when the clocks change', () => {
    expect(previous('2026-03-08T00:00Z', '2026-03-15T00:00Z')).toBe('2026-03-01T00:00:00.000Z');
    // Clocks in Berlin are set forward on 29 March: the week before is an hour longer than this one.
    expect(previous('2026-03-27T23:00Z', '2026-04-03T22:00Z', 'Europe/Berlin')).toBe(
      '2026-03-20T23:00:00.000Z',
    );
    expect(previous('2026-03-30T22:00Z', '2026-03-31T22:00Z', 'Europe/Berlin')).toBe(
      '2026-03-29T22:00:00.000Z',
    );
    expect(previous('2026-03-29T22:00Z', '2026-03-30T22:00Z', 'Europe/Berlin')).toBe(
      '2026-03-28T23:00:00.000Z',
    );
  });

  it('is as many milliseconds before, for parts of days', () => {
    expect(previous('2026-03-08T06:00Z', '2026-03-08T09:30Z')).toBe('2026-03-08T02:30:00.000Z');
    expect(previous('2026-03-08T06:00Z', '2026-03-10T06:00:00.001Z')).toBe('2026-03-06T05:59:59.999Z');
  });

  it('does not start before 1970', () => {
    expect(() => previous('1970-01-02T00:00Z', '1970-02-02T00:00Z')).toThrow(
      'compare must be left out: the period before starts before 1970',
    );
  });
});
