import { describe, expect, it } from '@jest/globals';
import { requestWindow } from './request-window.js';

const RATES = [1, 2, 10, 49, 50, 51, 99, 100, 500, 1000];

describe('requestWindow', () => {
  it('allows one request per window up to 50 requests per second', () => {
    expect(requestWindow(10)).toEqual({ points: 1, durationMs: 110 });
    expect(requestWindow(50)).toEqual({ points: 1, durationMs: 22 });
    expect(requestWindow(51).points).toBe(2);
  });

  it.each(RATES)(
    'keeps to %i requests in any second, also when they are made at the edges of windows',
    (rate) => {
      const { points, durationMs } = requestWindow(rate);
      // The worst case: all but the first request of a window at its end, then whole windows at their starts.
      const times = Array.from({ length: points - 1 }, () => durationMs - 0.001);
      for (let start = durationMs; start < 3000; start += durationMs) {
        for (let point = 0; point < points; point += 1) times.push(start);
      }
      const within = (from: number) => times.filter((time) => time >= from && time < from + 1000).length;
      expect(Math.max(...times.filter((time) => time < 2000).map(within))).toBeLessThanOrEqual(rate);
      expect((1000 * points) / durationMs).toBeGreaterThan(rate * 0.85);
    },
  );

  it.each([0, -1, 1.5, 1001, NaN])('rejects %d requests per second', (rate) => {
    expect(() => requestWindow(rate)).toThrow('"requestsPerSecond" must be a whole number, from 1 to 1000');
  });
});
