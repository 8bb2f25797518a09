import { describe, expect, it } from '@jest/globals';
import { MemorySlots } from './request-slots.js';

describe('MemorySlots', () => {
  it.each([1, 2, 10, 49, 50, 51, 99, 100, 500, 1000])(
    'reserves each time once, evenly spaced, so that no second has more than %i',
    async (rate) => {
      const intervalMs = 1100 / rate;
      const slots = new MemorySlots();
      const times: number[] = [];
      for (let turn = 0; times.length < 3 * rate; turn += 1) {
        const count = 1 + (turn % 4);
        const before = performance.now();
        const { firstMs, blockedMs } = await slots.reserve(count, intervalMs);
        expect(blockedMs).toBe(0);
        for (let index = 0; index < count; index += 1) times.push(before + firstMs + index * intervalMs);
      }
      const within = (from: number) => times.filter((time) => time >= from && time < from + 1000).length;
      expect(Math.max(...times.map(within))).toBeLessThanOrEqual(rate);
    },
  );

  it('reserves none during a block, and never shortens one', async () => {
    const slots = new MemorySlots();
    await slots.block(60_000);
    await slots.block(100);
    const { blockedMs } = await slots.reserve(1, 100);
    expect(blockedMs).toBeGreaterThan(50_000);
    expect(blockedMs).toBeLessThanOrEqual(60_000);
  });
});
