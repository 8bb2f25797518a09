import { describe, expect, it } from '@jest/globals';
import { parseIsoTime } from './iso-time.js';

describe('parseIsoTime', () => {
  it.each([
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2026-01-31T08:00Z', '2026-01-31T08:00:00.000Z'],
    ['2026-01-31T08:00:00Z', '2026-01-31T08:00:00.000Z'],
    ['2026-01-31T08:00:00.123456789Z', '2026-01-31T08:00:00.123Z'],
    ['2026-01-31T08:00:00+05:30', '2026-01-31T02:30:00.000Z'],
    ['2026-01-31T23:00:00-05:00', '2026-02-01T04:00:00.000Z'],
  ])('reads %s, also where an offset is required', (text, iso) => {
    expect(parseIsoTime(text)?.toISOString()).toBe(iso);
    expect(parseIsoTime(text, { requireOffset: true })?.toISOString()).toBe(iso);
  });

  it.each(['2026-01-31T08:00', '2026-01-31T08:00:00', '2026-01-31T08:00:00.5'])(
    'takes %s for UTC, and rejects it where an offset is required',
    (text) => {
      expect(parseIsoTime(text)?.toISOString()).toMatch(/^2026-01-31T08:00:00\.\d00Z$/);
      expect(parseIsoTime(text, { requireOffset: true })).toBeUndefined();
    },
  );

  it.each([
    ...['', ' ', '1', 'yesterday', '2026', '2026-01', '20260131', '31.01.2026', '2026-01-31 08:00:00Z'],
    ...['2026-02-29', '2026-02-31', '2026-13-01', '2026-00-10', '2026-04-31T08:00:00Z'],
    ...['2026-01-31T25:00:00Z', '2026-01-31T08:60:00Z', '2026-01-31T08:00:61Z', '2026-01-31T08Z'],
    ...['2026-01-31T08:00:00 01:00', '2026-01-31T08:00:00+0100', '2026-01-31T08:00:00.Z', '2026-01-31Z'],
    ...['+002026-01-31', ' 2026-01-31', '2026-01-31\0', '2026-01-31T08:00:00z'],
  ])('rejects %j', (text) => {
    expect(parseIsoTime(text)).toBeUndefined();
    expect(parseIsoTime(text, { requireOffset: true })).toBeUndefined();
  });
});
