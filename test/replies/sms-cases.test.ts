import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MessageQueries } from '../../src/index.js';
import { OptOutLedger, Suppressions } from '../../src/replies/index.js';
import { waitForEvent } from '../../src/testing/index.js';
import { startTestApplication, type TestApplication } from '../support/test-application.js';

const OWN = '+15550105000';

/** What a real sender once sent, from the socket to the tables. */
describe('SMS as people and providers write it', () => {
  let app: TestApplication;
  let ledger: OptOutLedger;
  let messages: MessageQueries;

  beforeAll(async () => {
    app = await startTestApplication();
    ledger = app.application.get(OptOutLedger);
    messages = app.application.get(MessageQueries);
  });
  afterAll(() => app.close());

  async function post(body: unknown): Promise<void> {
    const { id } = await app.post(body);
    await waitForEvent(app.application, id, ({ status }) => status === 'done');
  }
  const outbound = (type: string, data: object, timestamp?: string) =>
    post({ type, ...(timestamp !== undefined && { timestamp }), data: { from: OWN, ...data } });
  const inbound = (id: string, from: string, words: string | null) =>
    post({ type: 'message.received', data: { id, from, to: OWN, text: words } });

  it('keeps all digits of ids that JavaScript would round', async () => {
    const first =
      '{"type":"message.received","data":{"id":1152921506151679041,"from":"+15550108101","text":"first"}}';
    await post(first);
    await post(first.replace('041,', '042,').replace('first', 'second'));
    expect(await messages.find('1152921506151679041')).toMatchObject({ text: 'first' });
    expect(await messages.find('1152921506151679042')).toMatchObject({ text: 'second' });
  });

  it('reads times without a zone as UTC, and digits as Unix time', async () => {
    await outbound('message.sent', { id: 'SMz1', to: '+15550108201' }, '2025-11-25 10:00:00');
    await outbound('message.sent', { id: 'SMz2', to: '+15550108201' }, '1764064800');
    for (const id of ['SMz1', 'SMz2']) {
      expect(await messages.find(id)).toMatchObject({ stateAt: new Date('2025-11-25T10:00:00Z') });
    }
  });

  it('takes a time after receipt for that of the receipt: nothing wins for ever', async () => {
    const data = { id: 'SMz3', to: '+15550108202' };
    await outbound('message.undelivered', { ...data, errorCode: '30005' }, '2199-01-01T00:00:00Z');
    await outbound('message.delivered', data, '2025-11-25T22:53:59Z');
    const message = await messages.find('SMz3');
    expect(message).toMatchObject({ state: 'undelivered', conflict: true });
    expect(message!.stateAt.getTime()).toBeLessThanOrEqual(Date.now());
    const { items } = await app.application.get(Suppressions).list({ number: data.to, isActive: false });
    for (const { expiresAt } of items) expect(expiresAt?.getUTCFullYear()).toBeLessThan(2100);
  });

  it('takes numbers in every spelling for the same, in the export and its import too', async () => {
    await inbound('SMr1', '\u202a+15550108401\u202c', 'STOP');
    await inbound('SMr2', 'tel:+15550108402', 'STOP');
    await inbound('SMr3', `+15550108403`, `${'\u200b'.repeat(5001)}STOP`);
    for (const last of [1, 2, 3]) expect(await ledger.isOptedOut(`+1555010840${last}`, OWN)).toBe(true);
    const csv = await text(ledger.exportCsv());
    expect(csv).toContain('+15550108401,');
    expect(await ledger.importCsv(Readable.from([csv]), { reason: 'again' })).toMatchObject({ rejected: 0 });
  });

  it('asks an operator once about what a machine repeats, and not any more after a decision or STOP', async () => {
    const machine = '+15550108501';
    for (const id of ['SMm1', 'SMm2', 'SMm3']) {
      await inbound(id, machine, 'Sorry, I did not understand. Reply STOP to opt out');
    }
    const open = async (number: string) =>
      (await ledger.reviews()).items.filter(({ peer }) => peer === number);
    expect((await open(machine)).length).toBeLessThanOrEqual(1);

    const customer = '+15550108502';
    for (const id of ['SMp1', 'SMp2', 'SMp3']) await inbound(id, customer, 'please stop');
    const [review, ...others] = await open(customer);
    expect(others).toEqual([]);
    await ledger.resolveReview(review!.id, { decision: 'dismiss', reason: 'a test' });
    expect(await ledger.hasOpenReview(customer)).toBe(false);
    await inbound('SMp4', customer, 'please stop');
    expect(await ledger.hasOpenReview(customer)).toBe(true);
    await inbound('SMp5', customer, 'STOP');
    expect([await open(customer), await ledger.isOptedOut(customer, OWN)]).toEqual([[], true]);
  });

  it('lets the order of receipt decide between a STOP and a START without times', async () => {
    const customer = '+15550108601';
    await inbound('SMs1', customer, 'STOP');
    await inbound('SMs2', customer, 'START');
    expect(await ledger.isOptedOut(customer, OWN)).toBe(false);
    await inbound('SMs3', customer, 'STOP');
    expect(await ledger.isOptedOut(customer, OWN)).toBe(true);
  });

  it('takes a code with spaces around it, and refuses one that a spreadsheet has rounded', async () => {
    await outbound('message.undelivered', { id: 'SMcode', to: '+15550108701', errorCode: ' 30005 ' });
    expect(await messages.find('SMcode')).toMatchObject({ errorCode: '30005' });
    const csv = 'number,code\n+15550108702,3.0005E+04\n+15550108703,30005\n';
    const imported = await app.application
      .get(Suppressions)
      .importCsv(Readable.from([csv]), { reason: 'a list' });
    expect(imported).toMatchObject({
      imported: 1,
      errors: [{ line: 2, problem: expect.stringContaining('a spreadsheet has rewritten') }],
    });
  });
});
