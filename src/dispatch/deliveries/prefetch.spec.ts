import { describe, expect, it } from '@jest/globals';
import { Prefetch } from './prefetch.js';

const after = (
  calls: number,
  ms: number,
  settings = { concurrency: 16, batchSize: null as number | null },
) => {
  const prefetch = new Prefetch(settings);
  for (let call = 0; call < calls; call += 1) prefetch.took(ms);
  return prefetch.target;
};

describe('how many jobs a worker holds', () => {
  it('is what can run at once, and as much again, before anything is known', () => {
    expect(after(0, 0)).toBe(32);
  });

  it('is little more than what can run at once for a slow handler', () => {
    expect(after(200, 30_000)).toBe(17);
  });

  it('is some hundreds for a fast one', () => {
    expect(after(200, 1)).toBe(500);
  });

  it('is never less than what can run at once', () => {
    expect(after(200, 30_000, { concurrency: 100, batchSize: 50 })).toBe(5000);
  });
});
