import { describe, expect, it } from '@jest/globals';
import { PermanentError, RetryAfterError } from './listener-errors.js';
import { listenerSettings } from './listener-settings.js';
import { retryDelayMs } from './retry-delay.js';

const { retry: standard } = listenerSettings('test', {}, []);
const error = new Error('once more');
const HOUR_MS = 3_600_000;

describe('retryDelayMs', () => {
  it('doubles from 10 seconds up to 6 hours, and ends after about three days', () => {
    const delays = Array.from({ length: 23 }, (_, index) => retryDelayMs(error, index + 1, standard, 0.5));
    expect(delays.slice(0, 4)).toEqual([10_000, 20_000, 40_000, 80_000]);
    expect(delays.slice(12, 22)).toEqual(Array.from({ length: 10 }, () => 6 * HOUR_MS));
    expect(delays[22]).toBeNull();
    const days = delays.reduce<number>((sum, delay) => sum + (delay ?? 0), 0) / (24 * HOUR_MS);
    expect(days).toBeGreaterThan(2.9);
    expect(days).toBeLessThan(3.1);
  });

  it('is up to a fifth shorter or longer', () => {
    expect(retryDelayMs(error, 1, standard, 0)).toBe(8000);
    expect(retryDelayMs(error, 1, standard, 1)).toBe(12_000);
  });

  it('does not overflow, however many attempts there are', () => {
    expect(retryDelayMs(error, 999, { ...standard, attempts: 1000 }, 0.5)).toBe(6 * HOUR_MS);
  });

  it('is none for a PermanentError, also of another copy of this package', () => {
    expect(retryDelayMs(new PermanentError('no'), 1, standard)).toBeNull();
    expect(
      retryDelayMs(Object.assign(new Error('no'), { code: 'POSTACK_PERMANENT' }), 1, standard),
    ).toBeNull();
  });

  it('is what a RetryAfterError asks for, while there are attempts left', () => {
    expect(retryDelayMs(new RetryAfterError(1234), 1, standard)).toBe(1234);
    expect(retryDelayMs({ code: 'POSTACK_RETRY_AFTER', delayMs: 5 }, 1, standard)).toBe(5);
    expect(retryDelayMs(new RetryAfterError(1234), 23, standard)).toBeNull();
  });

  it.each([null, undefined, 'text', 0])('follows the schedule when %p is thrown', (thrown) => {
    expect(retryDelayMs(thrown, 1, standard, 0.5)).toBe(10_000);
  });
});

describe('RetryAfterError', () => {
  it.each([-1, Number.NaN, Infinity, 31 * 24 * HOUR_MS])('refuses a delay of %p ms', (delayMs) => {
    expect(() => new RetryAfterError(delayMs)).toThrow(/delayMs must be from 0 to 2592000000/);
  });
});
