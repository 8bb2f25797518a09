import { expect, it } from '@jest/globals';
import { loggableError } from './loggable-error.js';

it.each([
  [new TypeError('no'), 'TypeError: no'],
  [
    new Error('cannot reach +1 (555) 010-0001, or 0049301234567'),
    'Error: cannot reach (number), or (number)',
  ],
  [new Error('texted +15550100001.'), 'Error: texted (number).'],
  [new Error('connect ECONNREFUSED 127.0.0.1:36975'), 'Error: connect ECONNREFUSED 127.0.0.1:36975'],
  [new AggregateError([new Error('one'), new Error('two')]), 'Error: one; Error: two'],
  [{ message: 'a copy of an error', queue: 'x' }, 'a copy of an error'],
  [{}, 'an error without a message'],
  [new Error('line one\n  line two'), 'Error: line one line two'],
  ['text', 'text'],
  [undefined, 'undefined'],
])('puts %p in one line, without numbers that may be phone numbers', (error, line) => {
  expect(loggableError(error)).toBe(line);
});

it('is bounded', () => {
  expect(loggableError(new Error('x'.repeat(5000))).length).toBeLessThanOrEqual(1000);
});
