import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { busiestSecond, SlidingLimit } from './sliding-limit.js';

describe('the sliding limit', () => {
  it('allows requests up to the limit, and returns the waiting time of others', () => {
    const limit = new SlidingLimit(2);
    expect([limit.take(0), limit.take(600), limit.take(900)]).toEqual([0, 0, 100]);
    expect([limit.take(999), limit.take(1000), limit.take(1001)]).toEqual([1, 0, 599]);
  });

  it('does not count rejected requests', () => {
    const limit = new SlidingLimit(1);
    expect([limit.take(0), limit.take(500), limit.take(999), limit.take(1000)]).toEqual([0, 500, 1, 0]);
  });

  it('never allows more in any second, and rejects no request that it could allow', () => {
    const gaps = fc.array(fc.nat(400), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), gaps, (perSecond, gapsMs) => {
        const limit = new SlidingLimit(perSecond);
        const taken: number[] = [];
        let now = 0;
        for (const gap of gapsMs) {
          now += gap;
          const inLastSecond = taken.filter((at) => now - at < 1000).length;
          const isTaken = limit.take(now) === 0;
          expect(isTaken).toBe(inLastSecond < perSecond);
          if (isTaken) taken.push(now);
        }
        expect(busiestSecond(taken)).toBeLessThanOrEqual(perSecond);
      }),
    );
  });
});

describe('the busiest second', () => {
  it.each([
    [[], 0],
    [[5], 1],
    [[0, 999], 2],
    [[0, 1000], 1],
    [[0, 900, 1000, 1800, 1899, 1900], 4],
  ])('of %j has %i', (times, count) => {
    expect(busiestSecond(times)).toBe(count);
  });
});
