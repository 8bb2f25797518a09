import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { csvRows } from './csv-rows.js';

describe('csvRows', () => {
  it('quotes only where it must', () => {
    expect(
      csvRows([
        ['a', 'b c'],
        ['1,2', 'say "hi"'],
        ['', 'x\ny'],
      ]),
    ).toBe('a,b c\n"1,2","say ""hi"""\n,"x\ny"\n');
  });

  it('is read as what was written', () => {
    const rows = fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 3 }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(rows, (given) => {
        const options = { relax_column_count: true, record_delimiter: '\n' };
        expect(parse(csvRows(given), options)).toEqual(given);
      }),
    );
  });
});
