import { describe, expect, it } from '@jest/globals';
import { csvRows } from './csv-rows.js';
import fc from 'fast-check';
import { csvCell, textOfCell } from './csv-cell.js';

const texts = fc
  .array(fc.constantFrom('=', '+', '-', '@', '＝', ';', ',', '\t', '\r', '\n', '"', "'", ' ', 'a'), {
    maxLength: 12,
  })
  .map((characters) => characters.join(''));

describe('csvCell', () => {
  it.each([
    ['=1', "'=1"],
    ['\t=1', "'\t'=1"],
    ['hi;=HYPERLINK(A1)', "hi;'=HYPERLINK(A1)"],
    ['hi\t@SUM(A1)', "hi\t'@SUM(A1)"],
    ['hi\n-1', "hi\n'-1"],
    ['hi;"=1"', `hi;'"=1"`],
    ['+4930123456', '+4930123456'],
    ['1 + 1 = 2; good', '1 + 1 = 2; good'],
    ['two\n\nparts', 'two\n\nparts'],
  ])('writes %j as %j', (text, cell) => {
    expect(csvCell(text)).toBe(cell);
  });

  it('leaves no formula for spreadsheets that separate cells by commas, semicolons or tabs', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const line = csvRows([['SM1', csvCell(text), 'end']]);
        const pieces = line.split(/[;\t\r\n]/).slice(1);
        expect(pieces.filter((piece) => /^"*[=+\-@＝]/.test(piece))).toEqual([]);
        expect(csvCell(text)).not.toMatch(/^[=+\-@＝\t\r\n]/);
      }),
      { numRuns: 2000 },
    );
  });

  it('is reversed by textOfCell', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(textOfCell(csvCell(`x${text}x`))).toBe(`x${text}x`);
        expect(textOfCell(csvCell(text.trim()))).toBe(text.trim());
      }),
      { numRuns: 2000 },
    );
  });
});
