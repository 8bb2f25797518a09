import { expect } from '@jest/globals';
import type { Percentiles } from '../../src/reports/index.js';
import { exactPercentile } from './naive.js';

/** Within the documented error of the exact values. */
export function expectPercentiles(
  { count, p50Ms, p95Ms, p99Ms }: Percentiles,
  exact: readonly number[],
): void {
  expect(count).toBe(exact.length);
  for (const [share, reported] of [
    [0.5, p50Ms],
    [0.95, p95Ms],
    [0.99, p99Ms],
  ] as const) {
    const value = exactPercentile(exact, share);
    if (value === null) expect(reported).toBeNull();
    // Rounded to whole milliseconds.
    else expect(Math.abs(reported! - value)).toBeLessThanOrEqual(0.048 * value + 1);
  }
}
