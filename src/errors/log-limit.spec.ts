import { expect, it } from '@jest/globals';
import { LogLimit } from './log-limit.js';

it('lets a few lines through in each interval, and says how many were left out', () => {
  let nowMs = 0;
  const limit = new LogLimit(() => nowMs);
  const notes = Array.from({ length: 20 }, () => limit.next()?.note);
  expect(notes.filter((note) => note !== undefined)).toEqual(['', '', '', '', '']);
  nowMs = 10_000;
  expect(limit.next()).toEqual({ note: ' (15 more like this were not logged)' });
  expect(limit.next()).toEqual({ note: '' });
});
