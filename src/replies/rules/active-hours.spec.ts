import { describe, expect, it } from '@jest/globals';
import { isWithinHours, problemsWithHours, type ActiveHours } from './active-hours.js';

const NEW_YORK = 'America/New_York';
const WEEK = [1, 2, 3, 4, 5, 6, 7];
const within = (hours: ActiveHours, at: string) => isWithinHours(hours, new Date(at));

describe('isWithinHours', () => {
  const office: ActiveHours = { timeZone: NEW_YORK, days: [1, 2, 3, 4, 5], from: '09:00', to: '17:00' };

  it.each([
    ['a minute before', '2026-01-05T08:59:59-05:00', false],
    ['in the first minute', '2026-01-05T09:00:00-05:00', true],
    ['in the last minute', '2026-01-05T16:59:59-05:00', true],
    ['at the end', '2026-01-05T17:00:00-05:00', false],
    ['on another day', '2026-01-04T12:00:00-05:00', false],
    ['on Monday local time, which is Tuesday in UTC', '2026-01-05T16:30:00-05:00', true],
    ['in summer, in daylight saving time', '2026-07-06T13:00:00Z', true],
    ['in winter, in standard time', '2026-01-05T13:00:00Z', false],
  ])('checks a moment %s', (_when, at, isWithin) => {
    expect(within(office, at)).toBe(isWithin);
  });

  const night: ActiveHours = { timeZone: NEW_YORK, days: [5], from: '22:00', to: '06:00' };

  it.each([
    ['on the evening', '2026-01-09T23:00:00-05:00', true],
    ['on the morning after', '2026-01-10T05:59:00-05:00', true],
    ['at the end', '2026-01-10T06:00:00-05:00', false],
    ['on the morning before', '2026-01-09T05:00:00-05:00', false],
    ['on the next evening', '2026-01-10T23:00:00-05:00', false],
  ])('assigns hours that span midnight to the day on which they begin: %s', (_when, at, isWithin) => {
    expect(within(night, at)).toBe(isWithin);
  });

  it('supports hours from Sunday to Monday', () => {
    const sunday = { ...night, days: [7] };
    expect(within(sunday, '2026-01-12T01:00:00-05:00')).toBe(true);
    expect(within(sunday, '2026-01-11T01:00:00-05:00')).toBe(false);
  });

  it('takes hours with the same start and end as the whole day', () => {
    const allDay = { ...office, days: [1], from: '00:00', to: '00:00' };
    expect(within(allDay, '2026-01-05T00:00:00-05:00')).toBe(true);
    expect(within(allDay, '2026-01-05T23:59:59-05:00')).toBe(true);
    expect(within(allDay, '2026-01-06T00:00:00-05:00')).toBe(false);
  });

  it('matches both occurrences of an hour that a clock change repeats', () => {
    const hours: ActiveHours = { timeZone: NEW_YORK, days: [7], from: '01:00', to: '02:00' };
    expect(within(hours, '2026-11-01T01:30:00-04:00')).toBe(true);
    expect(within(hours, '2026-11-01T01:30:00-05:00')).toBe(true);
    expect(within(hours, '2026-11-01T02:00:00-05:00')).toBe(false);
  });

  it('begins later when a clock change skips the start', () => {
    const hours: ActiveHours = { timeZone: NEW_YORK, days: WEEK, from: '02:30', to: '04:00' };
    expect(within(hours, '2026-03-08T01:59:59-05:00')).toBe(false);
    expect(within(hours, '2026-03-08T03:00:00-04:00')).toBe(true);
    expect(within(hours, '2026-03-08T04:00:00-04:00')).toBe(false);
  });

  it('accepts valid hours', () => {
    expect(problemsWithHours(office)).toEqual([]);
  });

  it('lists every invalid property', () => {
    const hours = { timeZone: 'Mars/Olympus', days: [0, 1], from: '9:00', to: '24:00' };
    expect(problemsWithHours(hours)).toEqual([
      'activeHours.timeZone must be an IANA time zone, like America/New_York',
      'activeHours.days must be a list of days, from 1 (Monday) to 7 (Sunday)',
      'activeHours.from must be a time of day, like 08:00',
      'activeHours.to must be a time of day, like 08:00',
    ]);
    expect(problemsWithHours({} as ActiveHours)).toHaveLength(4);
    expect(problemsWithHours({ ...office, days: [] })).toHaveLength(1);
    expect(problemsWithHours({ ...office, days: [1.5] })).toHaveLength(1);
  });
});
