import { describe, expect, it } from '@jest/globals';
import {
  maskPhoneNumber,
  normalizePhoneNumber,
  parsePhoneNumber,
  phoneNumberFromEvent,
} from './phone-number.js';

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
    ['\u202a+15550108401\u202c', '+15550108401'],
    ['\u200b+1\u00ad555\u2060 010 8401\ufeff', '+15550108401'],
    ['＋１（５５５）０１０８４０１', '+15550108401'],
    ['tel:+15550108402', '+15550108402'],
    ['TEL:+1-555-010-8402;ext=2', '+15550108402'],
    ['sms:+15550108402?body=Hi', '+15550108402'],
    ['0015550108402', '+15550108402'],
    ['00 1 (555) 010-8402', '+15550108402'],
    ['011442079460958', '+442079460958'],
    ['011 44 20 7946 0958', '+442079460958'],
    ['1 (555) 010-8402', '+15550108402'],
    ['0012345', '0012345'],
    ['00123', '00123'],
    ['\u200eACME\u200f Shop', 'ACME Shop'],
  ])('spells %j as %j', (number, normalized) => {
    expect(normalizePhoneNumber(number)).toBe(normalized);
    expect(normalizePhoneNumber(normalized)).toBe(normalized);
  });
});

describe('parsePhoneNumber', () => {
  it.each([
    [' +1 (555) 010-0001 ', '+15550100001'],
    ['15550100001', '+15550100001'],
    ['+12345', '+12345'],
    ['720', '720'],
    ['72045512', '72045512'],
    [' ACME Shop ', 'ACME Shop'],
    ['7Eleven', '7Eleven'],
    ['Ελλάδα', 'Ελλάδα'],
    ['A.B_C&D-E', 'A.B_C&D-E'],
  ])('accepts %j as %j', (text, number) => {
    expect(parsePhoneNumber(text)).toBe(number);
  });

  it.each([
    '',
    ' ',
    '+',
    '12',
    '123456789',
    '+0123456789',
    '+1234567890123456',
    'a name too long',
    '-dash',
    'semi;colon',
    'new\nline',
  ])('refuses %j', (text) => {
    expect(parsePhoneNumber(text)).toBeUndefined();
  });
});

describe('phoneNumberFromEvent', () => {
  it.each([
    ['+1 (555) 010-0001', '+15550100001'],
    ['15550100001', '+15550100001'],
    ['not in any known format;', 'not in any known format;'],
    ['x'.repeat(64), 'x'.repeat(64)],
    ['x'.repeat(65), null],
    ['', null],
    ['  ', null],
    [null, null],
  ])('reads %j as %j', (text, number) => {
    expect(phoneNumberFromEvent(text)).toBe(number);
  });
});

describe('maskPhoneNumber', () => {
  it.each([
    ['+15551234567', '+1********67'],
    ['Pizzeria', 'Pi****ia'],
    ['12345', '*****'],
    ['', '(none)'],
    [null, '(none)'],
    [undefined, '(none)'],
  ])('masks %p as %p', (number, masked) => {
    expect(maskPhoneNumber(number)).toBe(masked);
  });
});
