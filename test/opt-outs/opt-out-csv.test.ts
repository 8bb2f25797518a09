import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
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
  const none = { imported: 0, unchanged: 0, rejected: 0, errors: [] };

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
    expect(counts).toEqual({ imported: 1, unchanged: 0, rejected: 5 });
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
    expect(await imported(csv, 'moved')).toEqual({ ...none, imported: 4 });
    expect(await listed()).toEqual(before);
    expect(await imported(csv, 'moved')).toEqual({ ...none, unchanged: 4 });
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
    ['an unclosed quote', `number\n${PEER}\n"+15550100005\n`, /Invalid CSV: Quote Not Closed/],
    ['a quote in the middle', `number\n${PEER}\n+1"5\n`, /Invalid CSV/],
    ['an endless row', `number,reason\n${PEER},${'r'.repeat(20_000)}`, /Invalid CSV/],
  ])('rejects a list with %s', async (_what, csv, message) => {
    await expect(imported(csv)).rejects.toThrow(InvalidOptOutError);
    await expect(imported(csv)).rejects.toThrow(message);
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
