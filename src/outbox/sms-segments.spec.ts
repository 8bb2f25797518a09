import { describe, expect, it } from '@jest/globals';
import { checkSmsText, smsSegments, UnsendableTextError } from './sms-segments.js';

const a = (count: number) => 'a'.repeat(count);

describe('smsSegments', () => {
  it.each([
    ['160 letters', a(160), 'GSM-7', 1],
    ['161 letters', a(161), 'GSM-7', 2],
    ['306 letters', a(306), 'GSM-7', 2],
    ['307 letters', a(307), 'GSM-7', 3],
    ['70 Chinese letters', '中'.repeat(70), 'UCS-2', 1],
    ['71 Chinese letters', '中'.repeat(71), 'UCS-2', 2],
    ['135 Chinese letters', '中'.repeat(135), 'UCS-2', 3],
    ['80 euro signs, which count twice', '€'.repeat(80), 'GSM-7', 1],
    ['81 euro signs', '€'.repeat(81), 'GSM-7', 2],
    ['80 of all characters that count twice', '|^€{}[]~\\|'.repeat(8), 'GSM-7', 1],
    ['81 of them', '|^€{}[]~\\|'.repeat(8) + '|', 'GSM-7', 2],
    ['a euro sign on the border of two segments', `${a(152)}€${a(152)}`, 'GSM-7', 3],
    ['35 smileys', '😀'.repeat(35), 'UCS-2', 1],
    ['36 smileys', '😀'.repeat(36), 'UCS-2', 2],
    ['Windows line ends', 'a\r\nb', 'GSM-7', 1],
    ['one letter with a thousand accents', `a${'\u0301'.repeat(1000)}`, 'UCS-2', 15],
  ])('counts %s', (_what, text, encoding, segments) => {
    expect(smsSegments(text)).toEqual({ encoding, segments });
  });
});

describe('checkSmsText', () => {
  it('returns the size of the text', () => {
    expect(checkSmsText(a(306), 2)).toEqual({ encoding: 'GSM-7', segments: 2 });
  });

  it.each([
    ['is empty', '', 'The text is empty'],
    ['is blank', ' \n\t', 'The text is empty'],
    ['has too many segments', '中'.repeat(135), 'has 3 segments (UCS-2); the maximum is 2'],
    ['is too long for any encoding', a(321), 'has 321 characters, too many for 2 segments'],
    ['needs one more segment for its last letter', a(307), 'has 3 segments (GSM-7)'],
  ])('rejects a text that %s', (_what, text, message) => {
    expect(() => checkSmsText(text, 2)).toThrow(UnsendableTextError);
    expect(() => checkSmsText(text, 2)).toThrow(message);
  });
});
