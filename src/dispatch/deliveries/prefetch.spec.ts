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

describe('Prefetch', () => {
  it('holds twice as many jobs as can run at once before the first call', () => {
    expect(after(0, 0)).toBe(32);
  });

  it('holds few more jobs than can run at once for a slow handler', () => {
    expect(after(200, 30_000)).toBe(17);
  });

  it('holds a few hundred jobs for a fast handler', () => {
    expect(after(200, 1)).toBe(500);
  });

  it('never holds fewer jobs than can run at once', () => {
    expect(after(200, 30_000, { concurrency: 100, batchSize: 50 })).toBe(5000);
  });
});
