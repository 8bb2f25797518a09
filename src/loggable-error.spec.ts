import { expect, it } from '@jest/globals';
import { loggableError } from './loggable-error.js';

it.each([
  [new TypeError('no'), 'TypeError: no'],
  [
    new Error('cannot reach +1 (555) 010-0001, or 0049301234567'),
    'Error: cannot reach (number), or (number)',
  ],
  [new Error('line one\n  line two'), 'Error: line one line two'],
  ['text', 'text'],
  [undefined, 'undefined'],
])('puts %p in one line, without numbers that may be phone numbers', (error, line) => {
  expect(loggableError(error)).toBe(line);
});

it('is bounded', () => {
  expect(loggableError(new Error('x'.repeat(5000))).length).toBeLessThanOrEqual(1000);
});
