import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BIN_GROWTH, durationOf, percentilesOf, RELATIVE_ERROR } from './duration-bins.js';

/** As `binSql`. */
const binOf = (ms: number) => (ms <= 1 ? 0 : Math.ceil(Math.log(ms) / Math.log(BIN_GROWTH)));

const durations = fc.array(fc.integer({ min: 1, max: 90 * 86_400_000 }), { minLength: 1, maxLength: 200 });

const binned = (values: readonly number[]) => {
  const bins = new Map<number, number>();
  for (const value of values) bins.set(binOf(value), (bins.get(binOf(value)) ?? 0) + 1);
  return bins;
};

describe('duration bins', () => {
  it('represent every duration within the documented error', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (ms) => {
        expect(Math.abs(durationOf(binOf(ms)) - ms) / ms).toBeLessThanOrEqual(RELATIVE_ERROR + 1e-9);
      }),
      { numRuns: 5000 },
    );
  });

  it('give the same percentiles whether merged or filled at once', () => {
    fc.assert(
      fc.property(durations, durations, (a, b) => {
        const merged = binned(a);
        for (const [bin, count] of binned(b)) merged.set(bin, (merged.get(bin) ?? 0) + count);
        expect(percentilesOf(merged)).toEqual(percentilesOf(binned([...a, ...b])));
      }),
    );
  });

  it('give percentiles within the documented error of the exact ones', () => {
    fc.assert(
      fc.property(durations, (values) => {
        const { count, p95Ms } = percentilesOf(binned(values));
        const exact = values.toSorted((a, b) => a - b)[Math.ceil(0.95 * values.length) - 1]!;
        expect(count).toBe(values.length);
        // Rounded to whole milliseconds.
        expect(Math.abs(p95Ms! - exact)).toBeLessThanOrEqual(RELATIVE_ERROR * exact + 0.5);
      }),
    );
  });

  it('have no percentiles without durations', () => {
    expect(percentilesOf(new Map([[3, 0]]))).toEqual({ count: 0, p50Ms: null, p95Ms: null, p99Ms: null });
  });
});
