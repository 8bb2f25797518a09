import { describe, expect, it } from '@jest/globals';
import { RequestTally } from './request-tally.js';

const NONE = { duplicates: 0, rejected: 0, unavailable: 0 };
const TEN = Date.UTC(2026, 0, 5, 10);
const at = (minutes: number) => new Date(TEN + minutes * 60_000);

describe('RequestTally', () => {
  it('keeps counts that cannot be written in their 15-minute bucket', () => {
    const tally = new RequestTally();
    tally.take({ duplicate: 1, accepted: 5 }, at(1));
    const drained = tally.drain();
    tally.take({ duplicate: 3, overloaded: 2 }, at(14));
    tally.putBack(drained);
    tally.take({ duplicate: 3, overloaded: 2, 'timestamp-too-old': 1 }, at(31));
    expect(tally.drain()).toEqual([
      [TEN, { ...NONE, duplicates: 3, unavailable: 2 }],
      [TEN + 30 * 60_000, { ...NONE, rejected: 1 }],
    ]);
    expect(tally.drain()).toEqual([]);
  });

  it('counts 503 and 500 as unavailable, and faults of the sender as rejected', () => {
    const tally = new RequestTally();
    tally.take({ 'storage-unavailable': 1, overloaded: 1, error: 1, 'already-read': 1 }, at(0));
    tally.take(
      { 'storage-unavailable': 1, overloaded: 1, error: 1, 'already-read': 1, 'too-large': 1 },
      at(1),
    );
    expect(tally.drain()).toEqual([[TEN, { ...NONE, unavailable: 4, rejected: 1 }]]);
  });

  it('keeps one week of buckets at most, without losing counts', () => {
    const tally = new RequestTally();
    for (let count = 1; count <= 1000; count += 1) {
      tally.take({ duplicate: count }, at(15 * count));
      tally.putBack(tally.drain());
    }
    const kept = tally.drain();
    expect(kept).toHaveLength(7 * 24 * 4);
    expect(kept.reduce((sum, [, { duplicates }]) => sum + duplicates, 0)).toBe(1000);
  });
});
