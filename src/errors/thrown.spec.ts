import { describe, expect, it } from '@jest/globals';
import { recordedError } from '../dispatch/outcomes/recorded-error.js';
import { retryDelayMs } from '../listeners/retry-delay.js';
import { THROWN_VALUES } from '../../test/support/thrown-values.js';
import { loggableError } from './loggable-error.js';
import { storableText } from './storable-text.js';
import { readThrown } from './thrown.js';

describe('readThrown', () => {
  it.each([
    ['an error', new TypeError('m'), { name: 'TypeError', message: 'm', code: null }],
    ['a text', 'a string', { name: 'string', message: 'a string', stack: null, code: null }],
    ['an object', { message: 'm', code: 7 }, { name: 'object', message: 'm', stack: null, code: '7' }],
    ['undefined', undefined, { name: 'undefined', message: 'undefined', stack: null }],
  ])('reads %s', (_what, thrown, expected) => {
    expect(readThrown(thrown)).toMatchObject(expected);
  });

  it.each(Object.entries(THROWN_VALUES))('and all that use it survive %s', (_what, make) => {
    const thrown = make();
    const texts = Object.values(readThrown(thrown)).filter((text) => text !== null);
    expect(texts.map((text) => typeof text)).toEqual(texts.map(() => 'string'));
    const record = recordedError(thrown, []);
    for (const text of [record.name, record.message, record.stack ?? '', loggableError(thrown)]) {
      expect(text.isWellFormed() && !text.includes('\0')).toBe(true);
    }
    expect(Array.from(record.message).length).toBeLessThanOrEqual(1000);
    const delayMs = retryDelayMs(thrown, 1, { attempts: 3, firstDelayMs: 10, maxDelayMs: 10 });
    expect(delayMs).toBeGreaterThanOrEqual(0);
    expect(delayMs).toBeLessThanOrEqual(30 * 86_400_000);
  });
});

describe('storableText', () => {
  it.each([
    ['half a pair', 'a\ud83d', Infinity, 'a\ufffd'],
    ['the other half', '\ude00a', Infinity, '\ufffda'],
    ['NUL', 'a\0b', Infinity, 'a\ufffdb'],
    ['a pair at the cut', 'ab😀c', 3, 'ab😀'],
    ['a pair behind the cut', 'ab😀c', 2, 'ab'],
    ['a short text', 'ab', 5, 'ab'],
  ])('makes %s storable', (_what, text, maxLength, expected) => {
    expect(storableText(text, maxLength)).toBe(expected);
  });
});
