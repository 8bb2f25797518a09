import { describe, expect, it } from '@jest/globals';
import { normalizePhoneNumber, maskPhoneNumber } from './phone-number.js';

it.each([
  ['+15551234567', '+1********67'],
  ['Pizzeria', 'Pi****ia'],
  ['12345', '*****'],
  ['', '(none)'],
  [null, '(none)'],
])('masks %p as %p', (number, masked) => {
  expect(maskPhoneNumber(number)).toBe(masked);
});

describe('normalizePhoneNumber', () => {
  it.each([
    ['+15550100001', '+15550100001'],
    [' +1 (555) 010-0001 ', '+15550100001'],
    ['15550100001', '+15550100001'],
    ['+44 20 7946 0958', '+442079460958'],
    ['12345', '12345'],
    [' 720455 ', '720455'],
    ['ACME Shop', 'ACME Shop'],
    ['00000000000', '00000000000'],
    ['+', '+'],
    ['', ''],
  ])('spells %j as %j', (number, canonical) => {
    expect(normalizePhoneNumber(number)).toBe(canonical);
    expect(normalizePhoneNumber(canonical)).toBe(canonical);
  });
});
