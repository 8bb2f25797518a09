import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from './seeded-random.js';

const draws = (seed: number) => {
  const random = new SeededRandom(seed);
  return Array.from({ length: 1000 }, () => random.next());
};

describe('a seeded random number', () => {
  it('is the same for the same seed, and another for another seed', () => {
    expect(draws(1)).toEqual(draws(1));
    expect(draws(1).filter((draw, index) => draw === draws(2)[index])).toEqual([]);
  });

  it('is spread evenly from 0 to 1', () => {
    const tenths = Map.groupBy(draws(3), (draw) => Math.floor(draw * 10));
    expect([...tenths.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const tenth of tenths.values()) expect(tenth.length).toBeGreaterThan(60);
  });

  it('decides, chooses and shuffles within the bounds', () => {
    const random = new SeededRandom(4);
    const times = Array.from({ length: 200 });
    expect(new Set(times.map(() => random.between(3, 5)))).toEqual(new Set([3, 4, 5]));
    expect(new Set(times.map(() => random.pick(['a', 'b'])))).toEqual(new Set(['a', 'b']));
    expect(times.filter(() => random.chance(0))).toEqual([]);
    expect(times.filter(() => random.chance(1))).toHaveLength(200);
    const items = times.map((_, index) => index);
    const shuffled = random.shuffle(items);
    expect(shuffled).not.toEqual(items);
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(items);
  });
});
