import { describe, expect, it } from '@jest/globals';
import { parseRetryAfter } from './retry-after.js';

const NOW = Date.UTC(2026, 0, 31, 12, 0, 0);
const DAY_MS = 86_400_000;

describe('parseRetryAfter', () => {
  it.each([
    ['seconds', '7', 7000],
    ['no seconds', '0', 0],
    ['an HTTP date', 'Sat, 31 Jan 2026 12:00:30 GMT', 30_000],
    ['a date in the past', 'Sat, 31 Jan 2026 11:00:00 GMT', 0],
    ['more than a day', '999999999', DAY_MS],
    ['a date in a hundred years', 'Sat, 31 Jan 2126 12:00:00 GMT', DAY_MS],
  ])('reads %s', (_what, header, waitMs) => {
    expect(parseRetryAfter(header, NOW)).toBe(waitMs);
  });

  it.each([null, '', 'soon', '-1', '5 apples', '2026-01-31T12:00:30Z', 'Sat, 99 Foo 2026 12:00:30 GMT'])(
    'returns null for %j',
    (header) => {
      expect(parseRetryAfter(header, NOW)).toBeNull();
    },
  );
});
