import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OptOutSenderMissingError } from '../../src/opt-outs/opt-outs.projection.js';
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

describe('OptOutsProjection', () => {
  let compliance: Compliance;
  let parts: ReturnType<typeof partsOf>;

  beforeAll(async () => {
    compliance = await openCompliance();
  });
  afterAll(() => compliance.close());
  beforeEach(async () => {
    await compliance.database.query(
      'TRUNCATE postack.opt_out, postack.opt_out_evidence, postack.own_number RESTART IDENTITY',
    );
    parts = partsOf(compliance.dataSource);
  });

  const isOut = (own = OWN) => parts.ledger.isOptedOut(PEER, own);
  const history = async () => (await parts.ledger.history(PEER)).items;

  it('records the state and its evidence, without the text', async () => {
    const stop = received(' “Stop!” ', second(1), { from: '+1 (555) 010-0001' });
    await parts.project(received('Hello', second(0)), stop);
    expect(await isOut()).toBe(true);
    const entry = { keyword: 'STOP', source: 'message', eventId: stop.id, reason: null };
    expect((await parts.ledger.list()).items).toEqual([
      expect.objectContaining({ ...entry, peer: PEER, ownNumber: OWN, optedOut: true, since: second(1) }),
    ]);
    expect(await history()).toEqual([
      expect.objectContaining({
        ...entry,
        ...{ peer: PEER, ownNumber: OWN, action: 'opt-out', endpoint: 'default', changed: true },
        occurredAt: second(1),
      }),
    ]);
  });

  it('records by event whether it changed something, for the one confirmation', async () => {
    const [hello, stop, again, start] = [
      received('Hello', second(0)),
      received('STOP', second(1)),
      received('UNSUBSCRIBE', second(2), { to: OTHER_OWN }),
      received('START', second(3)),
    ];
    await parts.project(hello, stop, again, start);
    expect(await parts.ledger.evidenceOf(hello)).toBeNull();
    expect(await parts.ledger.evidenceOf(stop)).toMatchObject({ action: 'opt-out', changed: true });
    expect(await parts.ledger.evidenceOf(again)).toMatchObject({ action: 'opt-out', changed: false });
    expect(await parts.ledger.evidenceOf(start)).toMatchObject({ action: 'opt-in', changed: true });
    expect(await parts.ledger.evidenceOf({ endpoint: 'other', id: stop.id })).toBeNull();
    expect(await isOut()).toBe(false);
  });

  it('records one entry for each event, however often it is projected', async () => {
    const stop = received('STOP', second(1));
    await parts.project(stop);
    await parts.project(stop);
    expect(await history()).toEqual([expect.objectContaining({ changed: true })]);
  });

  it('records YES as an opt-in only after an opt-out', async () => {
    await parts.project(received('YES', second(1)));
    expect((await parts.ledger.list({ isOptedOut: false })).items).toEqual([]);
    await expect(parts.ledger.history(PEER)).rejects.toThrow('no entry about +1********01');
    await parts.project(received('STOP', second(2)), received('yes', second(3)));
    expect(await isOut()).toBe(false);
  });

  it('lets the latest message decide, and of two at the same time and receipt the opt-out', async () => {
    await parts.project(received('STOP', second(5)));
    await parts.project(received('START', second(3)));
    expect(await isOut()).toBe(true);
    await parts.project(received('START', second(5)));
    expect(await isOut()).toBe(true);
    await parts.project(received('START', second(6)));
    expect(await isOut()).toBe(false);
    const late = received('STOP', second(4));
    await parts.project(late);
    expect(await isOut()).toBe(false);
    expect(await parts.ledger.evidenceOf(late)).toMatchObject({ action: 'opt-out', changed: false });
  });

  it('lets the order of receipt decide between a STOP and a START of the same second', async () => {
    const stop = received('STOP', second(5), { receivedAt: second(6) });
    const start = received('START', second(5), { receivedAt: second(7) });
    await parts.project(stop);
    await parts.project(start);
    expect(await isOut()).toBe(false);
    await parts.project(received('STOP', second(5), { receivedAt: second(8) }));
    expect(await isOut()).toBe(true);
    await parts.project(received('START', second(5), { receivedAt: second(7) }));
    expect(await isOut()).toBe(true);
    // Stored by one statement, so received at the same time: in its order.
    const at = { receivedAt: second(9) };
    await parts.project(received('STOP', second(6), at), received('START', second(6), at));
    expect(await isOut()).toBe(false);
  });

  it('keeps the latest opt-out, in whatever order and batches the events are projected', async () => {
    const word = fc.record({
      text: fc.constantFrom('STOP', 'START'),
      at: fc.integer({ min: 2, max: 4 }),
      receipt: fc.integer({ min: 10, max: 12 }),
    });
    const cases = fc.array(fc.record({ word, startsBatch: fc.boolean() }), { minLength: 1, maxLength: 6 });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(cases, async (list) => {
        const from = `+155501${String((run += 1)).padStart(5, '0')}`;
        const first = received('STOP', second(1), { from });
        const batches = list.reduce<ReturnType<typeof received>[][]>(
          (all, { word: { text, at, receipt }, startsBatch }) => {
            const event = received(text, second(at), { from, receivedAt: second(receipt) });
            if (startsBatch) return [...all, [event]];
            return [...all.slice(0, -1), [...(all.at(-1) ?? []), event]];
          },
          [[first]],
        );
        for (const batch of batches) await parts.project(...batch);
        const time = ({ word: { at, receipt } }: (typeof list)[number]) => at * 100 + receipt;
        const last = list.filter((one) => time(one) === Math.max(...list.map(time)));
        const lastTexts = last.map(({ word: { text } }) => text);
        const isKnownOut = await parts.ledger.isOptedOut(from, OWN);
        // A START projected before any opt-out is not recorded, which errs on the side of sending nothing.
        if (lastTexts.every((text) => text === 'STOP')) expect(isKnownOut).toBe(true);
        if (list.every(({ word: { text } }) => text === 'START')) expect(isKnownOut).toBe(false);
      }),
      { numRuns: 25 },
    );
  });

  it('opts out from the number that was written to with scope "number"', async () => {
    parts = partsOf(compliance.dataSource, { optOut: { scope: 'number' } });
    const other = received('STOP', second(2), { to: OTHER_OWN });
    await parts.project(received('STOP', second(1)), other, received('START', second(3)));
    expect(await parts.ledger.evidenceOf(other)).toMatchObject({ changed: true });
    expect(await isOut()).toBe(false);
    expect(await isOut(OTHER_OWN)).toBe(true);
    expect((await parts.ledger.list()).items.map(({ ownNumber }) => ownNumber)).toEqual([OTHER_OWN]);
    await parts.project(received('STOP', second(4), { to: null }));
    expect(await isOut('+15550100009')).toBe(true);
  });

  it.each(['STOPALL', 'Stop all!'])('opts out from all numbers with %s, whatever the scope', async (text) => {
    parts = partsOf(compliance.dataSource, { optOut: { scope: 'number' } });
    await parts.project(received(text, second(1)));
    expect(await isOut()).toBe(true);
    expect(await isOut(OTHER_OWN)).toBe(true);
    const [entry] = await history();
    expect(entry).toMatchObject({ ownNumber: OWN, changed: true });
  });

  it('records an event from the future with its time of receipt', async () => {
    await parts.project(received('STOP', new Date(Date.UTC(2099, 0))));
    const [entry] = await history();
    expect(entry?.occurredAt).toEqual(second(59));
  });

  it('flags free wording for review, without opting out', async () => {
    await parts.project(received('Jane here, please stop texting me', second(1)));
    expect(await isOut()).toBe(false);
    expect(await parts.ledger.hasOpenReview('+1 555 010 0001')).toBe(true);
    expect((await parts.ledger.reviews()).items).toEqual([
      expect.objectContaining({ peer: PEER, action: 'review', keyword: 'stop texting', changed: false }),
    ]);
  });

  it('fails on an opt-out without a sender, and names the option to set', async () => {
    const projecting = parts.project(received('STOP', second(1), { from: null }));
    await expect(projecting).rejects.toThrow(OptOutSenderMissingError);
    await parts.project(received('Hello', second(1), { from: null }), received(null, second(2)));
  });

  it('records opt-outs of many numbers from several processes concurrently, in any order', async () => {
    const events = Array.from({ length: 200 }, (_, index) =>
      received('STOP', second(index % 50), { from: `+155501002${String(index % 20).padStart(2, '0')}` }),
    );
    const batches = Array.from({ length: 8 }, (_, part) => events.filter((_event, i) => i % 8 === part));
    const processes = batches.map(() => partsOf(compliance.dataSource));
    await Promise.all(batches.map((batch, index) => processes[index]!.project(...batch)));
    const [counts] = await compliance.database.query(
      `SELECT count(*)::int AS entries, count(*) FILTER (WHERE changed)::int AS changes FROM postack.opt_out_evidence`,
    );
    expect(counts).toEqual({ entries: 200, changes: 20 });
    expect((await parts.ledger.list({ limit: 500 })).items).toHaveLength(20);
  });
});
