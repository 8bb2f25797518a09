import { describe, expect, it } from '@jest/globals';
import { checkSmsText, smsSegments, UnsendableTextError } from './sms-segments.js';

const a = (count: number) => 'a'.repeat(count);

describe('the parts of an SMS', () => {
  it.each([
    ['160 letters', a(160), 'GSM-7', 1],
    ['161 letters', a(161), 'GSM-7', 2],
    ['306 letters', a(306), 'GSM-7', 2],
    ['307 letters', a(307), 'GSM-7', 3],
    ['70 Chinese letters', '中'.repeat(70), 'UCS-2', 1],
    ['71 Chinese letters', '中'.repeat(71), 'UCS-2', 2],
    ['135 Chinese letters', '中'.repeat(135), 'UCS-2', 3],
    ['80 euro signs, which cost two', '€'.repeat(80), 'GSM-7', 1],
    ['81 euro signs', '€'.repeat(81), 'GSM-7', 2],
    ['80 of all signs that cost two', '|^€{}[]~\\|'.repeat(8), 'GSM-7', 1],
    ['81 of them', '|^€{}[]~\\|'.repeat(8) + '|', 'GSM-7', 2],
    ['a euro sign on the border of two parts', `${a(152)}€${a(152)}`, 'GSM-7', 3],
    ['35 smileys', '😀'.repeat(35), 'UCS-2', 1],
    ['36 smileys', '😀'.repeat(36), 'UCS-2', 2],
    ['Windows line ends', 'a\r\nb', 'GSM-7', 1],
    ['one letter with a thousand accents', `a${'\u0301'.repeat(1000)}`, 'UCS-2', 15],
  ])('are counted for %s', (_what, text, encoding, segments) => {
    expect(smsSegments(text)).toEqual({ encoding, segments });
  });
});

describe('a text to be sent', () => {
  it('is told its size', () => {
    expect(checkSmsText(a(306), 2)).toEqual({ encoding: 'GSM-7', segments: 2 });
  });

  it.each([
    ['is empty', '', 'The text is empty'],
    ['is blank', ' \n\t', 'The text is empty'],
    ['takes too many parts', '中'.repeat(135), 'takes 3 parts in UCS-2; at most 2 may be sent'],
    ['cannot fit whatever it is made of', a(321), 'has 321 characters, more than fit in 2 parts'],
    ['takes a part more for its last letter', a(307), 'takes 3 parts in GSM-7'],
  ])('is refused when it %s', (_what, text, message) => {
    expect(() => checkSmsText(text, 2)).toThrow(UnsendableTextError);
    expect(() => checkSmsText(text, 2)).toThrow(message);
  });
});
