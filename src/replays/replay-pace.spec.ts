import { describe, expect, it } from '@jest/globals';
import { ReplayPace } from './replay-pace.js';

describe('ReplayPace', () => {
  /** Runs for a while, each chunk taking some time itself. Returns the number of redelivered events. */
  function run(ratePerSecond: number, forMs: number, chunkTakesMs: number): number {
    let now = 0;
    const pace = new ReplayPace(ratePerSecond, () => now);
    let events = 0;
    for (;;) {
      now += pace.next();
      if (now > forMs) return events;
      now += chunkTakesMs;
      events += pace.chunkSize;
    }
  }

  it.each([1, 3, 7, 100, 999, 1000, 1001, 9999, 10_000])('keeps a rate of %i events a second', (rate) => {
    const events = run(rate, 60_000, 0);
    expect(events).toBeLessThanOrEqual(rate * 60);
    expect(events).toBeGreaterThan(rate * 60 * 0.97 - 2);
  });

  it.each([1, 100, 1000, 10_000])('does not drift at %i events a second when chunks take time', (rate) => {
    expect(run(rate, 60_000, 20)).toBeGreaterThan(rate * 60 * 0.97 - 2);
  });

  it('does not catch up after a stall', () => {
    let now = 0;
    const pace = new ReplayPace(100, () => now);
    pace.next();
    now = 60_000;
    let missed = 0;
    while (pace.next() === 0) missed += 1;
    expect(missed).toBeLessThanOrEqual(2);
  });

  it('never has more than 500 events in a chunk', () => {
    expect(new ReplayPace(10_000).chunkSize).toBe(500);
    expect(new ReplayPace(1).chunkSize).toBe(1);
  });
});
