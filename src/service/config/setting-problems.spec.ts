import { describe, expect, it } from '@jest/globals';
import { ServiceConfig } from './service.config.js';

describe('POSTACK_REPORT_PRICES', () => {
  it.each([
    'DE=0.07',
    '0.07',
    'EUR DE',
    'EUR de=1',
    'EUR +12345678=1',
    'EUR DE=-1',
    'EUR DE=1=2',
    'EURO DE=1',
  ])('is not %s: the error shows an example', (value) => {
    expect(() => new ServiceConfig({ POSTACK_REPORT_PRICES: value })).toThrow(
      'POSTACK_REPORT_PRICES must look like EUR DE=0.07 +4917=0.08: a currency, then the price of a segment for ' +
        'countries or prefixes of at most 7 digits',
    );
  });

  it('may be zero, and need not name any destination', () => {
    const { reports } = new ServiceConfig({ POSTACK_REPORT_PRICES: 'USD US=0' });
    expect(reports).toEqual({ prices: { currency: 'USD', perSegment: { US: 0 } } });
    expect(new ServiceConfig({ POSTACK_REPORT_PRICES: 'USD' }).reports).toEqual({
      prices: { currency: 'USD', perSegment: {} },
    });
  });
});
