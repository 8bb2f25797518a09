import { expect, it } from '@jest/globals';
import { maskPhoneNumber } from './phone-number.js';

it.each([
  ['+15551234567', '+1********67'],
  ['Pizzeria', 'Pi****ia'],
  ['12345', '*****'],
  ['', '(none)'],
  [null, '(none)'],
])('masks %p as %p', (number, masked) => {
  expect(maskPhoneNumber(number)).toBe(masked);
});
