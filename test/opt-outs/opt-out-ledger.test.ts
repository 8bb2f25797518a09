import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { InvalidCursorError, type Page } from '../../src/database/keyset-page.js';
import {
  InvalidOptOutError,
  OptOutNotFoundError,
  OptOutReviewNotFoundError,
  OptOutReviewStateError,
} from '../../src/opt-outs/opt-out-errors.js';
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

/** Another customer. */
const OTHER = '+15550100021';

describe('OptOutLedger', () => {
  let compliance: Compliance;
  let parts: ReturnType<typeof partsOf>;

  beforeAll(async () => {
    compliance = await openCompliance();
    parts = partsOf(compliance.dataSource);
  });
  afterAll(() => compliance.close());
  beforeEach(() => compliance.database.query('TRUNCATE postack.opt_out, postack.opt_out_evidence'));

  it("records an operator's opt-out, for all own numbers or one, with the reason", async () => {
    const everywhere = await parts.ledger.optOut({ peer: ' +1 (555) 010-0001 ', reason: ' by phone ' });
    expect(everywhere).toMatchObject({ peer: PEER, ownNumber: '', optedOut: true, reason: 'by phone' });
    const at = await parts.ledger.optOut({ peer: PEER, ownNumber: OWN, reason: 'again' });
    expect(at).toMatchObject({ ownNumber: OWN, source: 'admin' });
    expect(await parts.ledger.isOptedOut(PEER, OTHER_OWN)).toBe(true);
    const { items } = await parts.ledger.history(PEER);
    expect(items.map(({ action, reason, changed }) => [action, reason, changed])).toEqual([
      ['opt-out', 'again', false],
      ['opt-out', 'by phone', true],
    ]);
  });

  it("records an operator's opt-in, also when the clock of another machine is ahead", async () => {
    await parts.ledger.optOut({ peer: PEER, reason: 'by letter' });
    await compliance.database.query(`UPDATE postack.opt_out SET since = now() + interval '1 hour'`);
    const state = await parts.ledger.optIn({ peer: PEER, ownNumber: OWN, reason: 'asked us to' });
    expect(state).toMatchObject({ ownNumber: OWN, optedOut: false, reason: 'asked us to' });
    expect(await parts.ledger.isOptedOut(PEER, OWN)).toBe(false);
    await expect(parts.ledger.optIn({ peer: PEER, reason: 'again' })).rejects.toThrow(OptOutNotFoundError);
  });

  it.each([
    [
      'a number without country code',
      { peer: '5550100001', reason: 'r' },
      /the number must be .* \+15550100001/,
    ],
    ['no number', { peer: '', reason: 'r' }, /the number/],
    ['no own number', { peer: PEER, ownNumber: 'x'.repeat(12), reason: 'r' }, /"ownNumber"/],
    ['a blank reason', { peer: PEER, reason: ' ' }, /"reason"/],
    ['a long reason', { peer: PEER, reason: 'r'.repeat(1001) }, /"reason"/],
    ['a reason that cannot be stored', { peer: PEER, reason: 'a\0b' }, /"reason"/],
  ])('rejects %s', async (_what, request, message) => {
    await expect(parts.ledger.optOut(request)).rejects.toThrow(InvalidOptOutError);
    await expect(parts.ledger.optOut(request)).rejects.toThrow(message);
    await expect(parts.ledger.optIn(request)).rejects.toThrow(message);
  });

  it('accepts short codes and sender names', async () => {
    await parts.ledger.optOut({ peer: '12345', reason: 'r' });
    await parts.ledger.optOut({ peer: 'Pizza & Co', reason: 'r' });
    expect(await parts.ledger.isOptedOut('12345', OWN)).toBe(true);
    expect(await parts.ledger.isOptedOut('Pizza & Co', OWN)).toBe(true);
  });

  it('lists the current state, latest first, by number, own number and time', async () => {
    const [a, b, c] = ['+15550100011', '+15550100012', '+15550100013'];
    await parts.project(
      received('STOP', second(1), { from: a }),
      received('STOP', second(2), { from: b }),
      received('STOP', second(3), { from: c, to: OTHER_OWN }),
      received('START', second(4), { from: b, to: OTHER_OWN }),
    );
    const listed = async (filter: Parameters<typeof parts.ledger.list>[0]) =>
      (await parts.ledger.list(filter)).items.map(({ peer }) => peer);
    expect(await listed({})).toEqual([c, a]);
    expect(await listed({ isOptedOut: false })).toEqual([b]);
    expect(await listed({ peer: '+1 555 010 0011' })).toEqual([a]);
    expect(await listed({ ownNumber: OTHER_OWN })).toEqual([c]);
    expect(await listed({ since: second(3) })).toEqual([c]);
  });

  it('pages through states and entries, also through those of the same time', async () => {
    const peers = Array.from({ length: 5 }, (_, index) => `+1555010002${index}`);
    await parts.project(...peers.map((from) => received('STOP', second(1), { from })));
    const states = await paged((cursor) => parts.ledger.list({ limit: 2, cursor }));
    expect(states.map(({ peer }) => peer)).toEqual(peers.toReversed());
    for (let i = 0; i < 5; i += 1) await parts.ledger.optOut({ peer: PEER, reason: `${i}` });
    const entries = await paged((cursor) => parts.ledger.history(PEER, { limit: 2, cursor }));
    expect(entries.map(({ reason }) => reason)).toEqual(['4', '3', '2', '1', '0']);
    for (const position of [{}, { at: '1', last: 'a', own: '' }, { before: 'x' }]) {
      const cursor = Buffer.from(JSON.stringify(position)).toString('base64url');
      await expect(parts.ledger.list({ cursor })).rejects.toThrow(InvalidCursorError);
      await expect(parts.ledger.history(PEER, { cursor })).rejects.toThrow(InvalidCursorError);
    }
  });

  it('lets an operator resolve a review once, as an opt-out or not', async () => {
    const [stop, other] = [
      received('leave me alone', second(1)),
      received('go away', second(2), { from: OTHER }),
    ];
    await parts.project(stop, other);
    const [second_, first] = (await parts.ledger.reviews()).items;
    await parts.ledger.resolveReview(second_!.id, { decision: 'dismiss', reason: 'about the invoice' });
    expect(await parts.ledger.hasOpenReview(OTHER)).toBe(false);
    expect(await parts.ledger.isOptedOut(OTHER, OWN)).toBe(false);
    expect(await parts.ledger.hasOpenReview(PEER)).toBe(true);
    const resolved = await parts.ledger.resolveReview(first!.id, { decision: 'opt-out', reason: 'clear' });
    expect(resolved.resolvedAt).toBeInstanceOf(Date);
    expect(await parts.ledger.hasOpenReview(PEER)).toBe(false);
    expect(await parts.ledger.isOptedOut(PEER, OWN)).toBe(true);
    expect((await parts.ledger.reviews()).items).toEqual([]);
    expect((await parts.ledger.reviews({ isOpen: false })).items).toHaveLength(2);
    const { items } = await parts.ledger.history(PEER);
    expect(items.map(({ action, reason, eventId }) => [action, reason, eventId])).toEqual([
      ['opt-out', 'clear', stop.id],
      ['review', null, stop.id],
    ]);
    // An operator's later decision must not cause a confirmation.
    expect(await parts.ledger.evidenceOf(stop)).toMatchObject({ action: 'review', changed: false });
    const again = parts.ledger.resolveReview(first!.id, { decision: 'dismiss', reason: 'no' });
    await expect(again).rejects.toThrow(OptOutReviewStateError);
  });

  it('has one open review of a customer, which a decision or a STOP closes', async () => {
    const openIds = async () => (await parts.ledger.reviews()).items.map(({ eventId }) => eventId);
    const asked = [1, 2, 3].map((at) => received('please stop', second(at)));
    await parts.project(asked[0]!, asked[1]!);
    await parts.project(asked[2]!);
    expect(await openIds()).toEqual([asked[0]!.id]);
    expect((await parts.ledger.history(PEER)).items).toHaveLength(3);
    const [review] = (await parts.ledger.reviews()).items;
    await parts.ledger.resolveReview(review!.id, { decision: 'dismiss', reason: 'meant the music' });
    expect(await parts.ledger.hasOpenReview(PEER)).toBe(false);
    const later = received('please stop', second(4));
    await parts.project(later);
    expect(await openIds()).toEqual([later.id]);
    await parts.project(received('STOP', second(5)));
    expect(await parts.ledger.hasOpenReview(PEER)).toBe(false);
    await parts.project(received('please stop', second(6)));
    expect(await openIds()).toEqual([]);
  });

  it.each(['0', 'x', '9'.repeat(30)])('does not find a review with the id %s', async (id) => {
    const resolving = parts.ledger.resolveReview(id, { decision: 'dismiss', reason: 'r' });
    await expect(resolving).rejects.toThrow(OptOutReviewNotFoundError);
  });

  it('does not resolve an entry that is not a review', async () => {
    await parts.ledger.optOut({ peer: PEER, reason: 'r' });
    const [entry] = (await parts.ledger.history(PEER)).items;
    const resolving = parts.ledger.resolveReview(entry!.id, { decision: 'dismiss', reason: 'r' });
    await expect(resolving).rejects.toThrow(OptOutReviewNotFoundError);
  });
});

async function paged<Item>(page: (cursor?: string) => Promise<Page<Item>>): Promise<Item[]> {
  const all: Item[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const { items, nextCursor } = await page(cursor);
    all.push(...items);
    cursor = nextCursor;
  }
  return all;
}
