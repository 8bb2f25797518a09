import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { storableText } from '../../src/errors/storable-text.js';
import { phoneNumberFromEvent } from '../../src/events/phone-number.js';
import { InvalidOptOutError } from '../../src/opt-outs/opt-out-errors.js';
import {
  openCompliance,
  OTHER_OWN,
  OWN,
  partsOf,
  PEER,
  received,
  second,
  type Compliance,
} from '../support/compliance-database.js';

describe('OptOutLedger, import and export', () => {
  let compliance: Compliance;
  let parts: ReturnType<typeof partsOf>;

  beforeAll(async () => {
    compliance = await openCompliance();
    parts = partsOf(compliance.dataSource, { optOut: { scope: 'number' } });
  });
  afterAll(() => compliance.close());
  beforeEach(() => truncate());

  const truncate = () => compliance.database.query('TRUNCATE postack.opt_out, postack.opt_out_evidence');
  const imported = (csv: string, reason = 'list of 2025') =>
    parts.ledger.importCsv(Readable.from([Buffer.from(csv)]), { reason });
  const exported = () => text(parts.ledger.exportCsv());
  const takenAs = { shortCodes: 0, names: 0, withoutPlus: 0 };
  const none = { imported: 0, unchanged: 0, rejected: 0, errors: [], takenAs };

  it('imports all columns', async () => {
    const csv =
      '\ufeffName,Number,own_number,opted_out_at,reason\r\n' +
      `"Doe, Jane",+1 (555) 010-0001,${OWN},2025-12-24T08:00:00+01:00,"by ""letter"""\r\n` +
      '\r\nJim,+15550100005\r\n';
    expect(await imported(csv)).toEqual({ ...none, imported: 2 });
    const [jim, jane] = (await parts.ledger.list()).items;
    expect(jane).toMatchObject({
      ...{ peer: PEER, ownNumber: OWN, source: 'import', reason: 'by "letter"' },
      since: new Date('2025-12-24T07:00:00Z'),
    });
    expect(jim).toMatchObject({ peer: '+15550100005', ownNumber: '', reason: 'list of 2025' });
    expect((await parts.ledger.history(PEER)).items).toEqual([
      expect.objectContaining({ action: 'opt-out', source: 'import', changed: true }),
    ]);
  });

  it('imports valid rows, and lists invalid ones by line', async () => {
    const csv = [
      'number,own_number,opted_out_at,reason',
      '5550100001',
      `${PEER},not a number`,
      `${PEER},,yesterday`,
      `${PEER},,2099-01-01`,
      `"${PEER}",,,"${'r\n'.repeat(600)}"`,
      PEER,
    ].join('\n');
    const { errors, ...counts } = await imported(csv);
    expect(counts).toEqual({ imported: 1, unchanged: 0, rejected: 5, takenAs });
    expect(errors.map(({ line }) => line)).toEqual([2, 3, 4, 5, 606]);
    expect(errors.map(({ problem }) => problem.split(' ')[0])).toEqual([
      'number',
      'own_number',
      'opted_out_at',
      'opted_out_at',
      'reason',
    ]);
    expect(await parts.ledger.isOptedOut(PEER, OWN)).toBe(true);
  });

  it('lists the first 100 invalid rows, and counts the others', async () => {
    const { rejected, errors } = await imported(`number\n${'x y z 1 2 3 4 5\n'.repeat(150)}`);
    expect({ rejected, listed: errors.length, last: errors.at(-1)?.line }).toEqual({
      ...{ rejected: 150, listed: 100, last: 101 },
    });
  });

  it('changes nothing on a second import, nor for customers who have opted in since', async () => {
    await parts.project(received('STOP', second(1)), received('START', second(2)));
    const csv = `number,own_number,opted_out_at\n${PEER},${OWN},2025-01-01\n+15550100005,,\n`;
    expect(await imported(csv)).toEqual({ ...none, imported: 1, unchanged: 1 });
    expect(await imported(csv)).toEqual({ ...none, unchanged: 2 });
    expect(await parts.ledger.isOptedOut(PEER, OWN)).toBe(false);
    expect((await parts.ledger.history('+15550100005')).items).toHaveLength(1);
  });

  it('exports what an import accepts', async () => {
    const formula = '=HYPERLINK("http://evil.example","x")';
    await parts.project(
      received('Stop!', second(1)),
      received('STOP', second(2), { to: OTHER_OWN }),
      received('STOP', second(3), { from: '+15550100007' }),
      received('START', second(4), { from: '+15550100007' }),
    );
    await parts.ledger.optOut({ peer: '12345', reason: formula });
    await parts.ledger.optOut({ peer: 'Pizza', reason: '-1 "quoted", and\nmore' });
    const csv = await exported();
    expect(csv).toContain(`${PEER},${OWN},${second(1).toISOString()},message,STOP,\n`);
    expect(csv).toContain(`"'=HYPERLINK(`);
    expect(csv).not.toContain('+15550100007');
    const listed = async () =>
      (await parts.ledger.list()).items.map(({ peer, ownNumber, since, reason }) => ({
        ...{ peer, ownNumber, since, reason: reason ?? 'moved' },
      }));
    const before = await listed();
    expect(before).toHaveLength(4);
    await truncate();
    const kinds = { takenAs: { ...takenAs, shortCodes: 1, names: 1 } };
    expect(await imported(csv, 'moved')).toEqual({ ...none, ...kinds, imported: 4 });
    expect(await listed()).toEqual(before);
    expect(await imported(csv, 'moved')).toEqual({ ...none, ...kinds, unchanged: 4 });
  });

  it('exports what an import takes as it was, whatever the senders and own numbers', async () => {
    const digits = fc.integer({ min: 1_000_000, max: 9_999_999 }).map((number) => `1555${number}`);
    const spelled = fc
      .tuple(
        fc.constantFrom('+', '00', '011', 'tel:+', '\u202a+', '\uff0b'),
        digits,
        fc.constantFrom('', '\u202c', ' '),
      )
      .map((parts) => parts.join(''));
    const sender = fc.oneof(
      spelled,
      fc.stringMatching(/^\d{3,8}$/),
      fc.stringMatching(/^[A-Za-z ]{1,11}$/),
      fc.string({ maxLength: 80 }),
      fc.string({ unit: 'binary', maxLength: 12 }),
    );
    const message = fc.record({
      from: sender,
      to: fc.oneof(spelled, sender),
      second: fc.integer({ min: 1, max: 50 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 12 }), async (messages) => {
        await truncate();
        const isSender = ({ from }: { from: string }) => phoneNumberFromEvent(storableText(from)) !== null;
        const events = messages
          .filter(isSender)
          .map(({ from, to, second: at }) =>
            received('STOP', second(at), { from: storableText(from), to: storableText(to) }),
          );
        await parts.project(...events);
        const listed = async () =>
          (await parts.ledger.list({ limit: 500 })).items.map(({ peer, ownNumber, since }) => ({
            peer,
            ownNumber,
            since,
          }));
        const before = await listed();
        const csv = await exported();
        await truncate();
        expect(await imported(csv, 'moved')).toMatchObject({ imported: before.length, rejected: 0 });
        expect(await listed()).toEqual(before);
      }),
      { numRuns: 60 },
    );
  });

  it('handles lists longer than a page', async () => {
    const numbers = Array.from({ length: 2500 }, (_, index) => `+1555${String(index).padStart(7, '0')}`);
    const rows = Readable.from(['number\n', ...numbers.map((number) => `${number}\n`)]);
    expect(await parts.ledger.importCsv(rows, { reason: 'moved' })).toEqual({ ...none, imported: 2500 });
    const csv = await exported();
    expect(
      csv
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',')[0]),
    ).toEqual(numbers);
    expect(csv.match(/number,own_number/g)).toHaveLength(1);
  });

  it.each([
    ['no content', '', /header row/],
    ['no header', `${PEER}\n`, /header row/],
    ['an endless row', `number,reason\n${PEER},${'r'.repeat(20_000)}`, /Invalid CSV/],
  ])('rejects a list with %s', async (_what, csv, message) => {
    await expect(imported(csv)).rejects.toThrow(InvalidOptOutError);
    await expect(imported(csv)).rejects.toThrow(message);
  });

  it.each([',', ';', '\t', '|'])('takes lists whose cells are separated by %j', async (separator) => {
    const rows = [
      ['number', 'own_number', 'opted_out_at', 'source', 'keyword', 'reason'],
      ['+15550108301', '', '2026-01-31T08:00:00.000Z', 'message', 'STOP', ''],
      ['="+15550108307"', '', '', '', '', ''],
      ['\u202d+15550108308\u202c', '', '', '', '', '"said: stop, please; now"'],
    ];
    const told = separator === '|' ? 'sep=|\r\n' : '';
    const csv = told + rows.map((row) => row.join(separator)).join('\r\n');
    expect(await imported(csv)).toEqual({ ...none, imported: 3 });
    expect((await parts.ledger.list()).items.map(({ peer }) => peer).sort()).toEqual([
      '+15550108301',
      '+15550108307',
      '+15550108308',
    ]);
  });

  it('tells what rows were taken as that are no E.164 number', async () => {
    const csv = 'number\n81234567\n5551234\nnull\nTotal\n13812345678\nPizza\n+15550108301\n0015550108302\n';
    const { errors, ...counts } = await imported(csv);
    expect(counts).toEqual({
      ...{ imported: 6, unchanged: 0, rejected: 2 },
      takenAs: { shortCodes: 2, names: 1, withoutPlus: 1 },
    });
    expect(errors.map(({ line }) => line)).toEqual([4, 5]);
  });

  it.each([
    ['2026-01-31 08:00:00+00', '2026-01-31T08:00:00.000Z'],
    ['2026-01-31 08:00:00', '2026-01-31T08:00:00.000Z'],
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['1/31/2026 8:00', '2026-01-31T08:00:00.000Z'],
    ['31/1/2026 8:00', '2026-01-31T08:00:00.000Z'],
    ['1/2/2026', '2026-01-02T00:00:00.000Z'],
    ['31.01.2026 08:00:30', '2026-01-31T08:00:30.000Z'],
    ['1769846400', '2026-01-31T08:00:00.000Z'],
  ])('reads the time %s', async (at, expected) => {
    expect(await imported(`phone;date\n+15550108301;${at}\n`)).toEqual({ ...none, imported: 1 });
    const [state] = (await parts.ledger.list()).items;
    expect(state?.since.toISOString()).toBe(expected);
  });

  it('takes the rows around one with a stray quote, and reports what a quote swallows', async () => {
    const stray = await imported(
      'number,reason\n+15550108308,a\n+15550108309,he said "stop"\n+15550108310,b\n',
    );
    expect(stray).toMatchObject({ imported: 2, rejected: 1, errors: [{ line: 3 }] });
    expect(stray.errors[0]!.problem).toMatch(/quote in the middle of a cell/);
    const open = await imported(
      'number,reason\n+15550108311,"a\n+15550108312,b\n+15550108313,c"\n+15550108314,d\n',
    );
    expect(open).toMatchObject({ imported: 1, rejected: 1, errors: [{ line: 4 }] });
    expect(open.errors[0]!.problem).toMatch(/a quote that another row closes/);
    const unclosed = await imported('number\n+15550108315\n"+15550108316\n+15550108317\n');
    expect(unclosed).toMatchObject({ imported: 1, rejected: 1 });
    expect(unclosed.errors[0]!.problem).toMatch(/a quote that is not closed/);
  });

  it('names a NUL in a reason', async () => {
    const { errors } = await imported('number,reason\n+15550108308,a\0b\n');
    expect(errors).toEqual([{ line: 2, problem: 'reason must not contain the character NUL (U+0000)' }]);
  });

  it('rejects an import without a reason', async () => {
    await expect(imported('number\n', ' ')).rejects.toThrow(InvalidOptOutError);
  });

  it('passes on an error of the source', async () => {
    const broken = new Readable({
      read() {
        this.destroy(new Error('the client went away'));
      },
    });
    await expect(parts.ledger.importCsv(broken, { reason: 'r' })).rejects.toThrow('the client went away');
  });
});
