import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  DELIVERY_STATES,
  mergeFacts,
  type DeliveryFact,
  type DeliveryRecord,
  type DeliveryState,
} from './delivery-state.js';

const fact = (state: DeliveryState, second = 0, errorCode: string | null = null): DeliveryFact => ({
  state,
  at: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(),
  eventId: `msg_${state}_${second}`,
  errorCode,
});

/** Every report. */
const all = ({ reports, history }: DeliveryRecord) => reports ?? history;

const facts = fc.array(
  fc.record({
    state: fc.constantFrom(...DELIVERY_STATES),
    at: fc.integer({ min: 0, max: 5 }).map((second) => fact('sent', second).at),
    eventId: fc.integer({ min: 0, max: 3 }).map((number) => `msg_${number}`),
    errorCode: fc.option(fc.constantFrom('30003', '30005')),
  }),
  { minLength: 1, maxLength: 8 },
);

describe('mergeFacts', () => {
  it('gives the same for every order of the facts', () => {
    const permuted = facts.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(permuted, ([list, shuffled]) => {
        expect(mergeFacts([], shuffled)).toEqual(mergeFacts([], list));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the same however the facts are grouped, and however often they are repeated', () => {
    fc.assert(
      fc.property(facts, fc.array(fc.nat(7)), fc.nat(8), (list, repeats, cut) => {
        const repeated = [...list, ...repeats.flatMap((index) => list[index] ?? [])];
        const whole = mergeFacts([], list);
        expect(mergeFacts([], repeated)).toEqual(whole);
        const first = repeated.slice(0, cut);
        const parts = first.length > 0 ? all(mergeFacts([], first)) : [];
        expect(mergeFacts(parts, [...repeated.slice(cut), ...list.slice(0, 1)])).toEqual(whole);
        expect(repeated.reduce<DeliveryFact[]>((known, one) => all(mergeFacts(known, [one])), [])).toEqual(
          all(whole),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('never goes back from a terminal state, and never below a state that was reached', () => {
    const rank = (state: DeliveryState) => DELIVERY_STATES.indexOf(state);
    const isEnd = (state: DeliveryState) => rank(state) >= rank('expired');
    fc.assert(
      fc.property(facts, facts, (known, added) => {
        const isOutbound = ({ state }: DeliveryFact) => state !== 'received';
        const outbound = known.filter(isOutbound);
        if (outbound.length === 0) return;
        const before = mergeFacts([], outbound);
        const after = mergeFacts(before.history, added.filter(isOutbound));
        if (isEnd(before.state)) expect(isEnd(after.state)).toBe(true);
        else expect(rank(after.state)).toBeGreaterThanOrEqual(rank(before.state));
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps the state when an earlier receipt comes late', () => {
    expect(mergeFacts([fact('delivered', 1)], [fact('sent', 9)])).toMatchObject({
      state: 'delivered',
      conflict: false,
    });
  });

  it('lets a carrier that corrects itself win, and shows the conflict', () => {
    const record = mergeFacts([fact('undelivered', 1, '30003')], [fact('delivered', 2)]);
    expect(record).toMatchObject({ state: 'delivered', errorCode: null, conflict: true });
    expect(record.history.map(({ state }) => state)).toEqual(['undelivered', 'delivered']);
    expect(mergeFacts([fact('delivered', 1)], [fact('undelivered', 2, '30003')])).toMatchObject({
      state: 'undelivered',
      errorCode: '30003',
      conflict: true,
    });
  });

  it('takes any receipt over our own guess that none would come', () => {
    expect(mergeFacts([fact('sent', 1), fact('expired', 9)], [])).toMatchObject({ state: 'expired' });
    expect(mergeFacts([fact('expired', 9)], [fact('delivered', 1)])).toMatchObject({
      state: 'delivered',
      conflict: false,
    });
  });

  it('takes a message that was read for delivered, and shows when that was denied', () => {
    expect(mergeFacts([fact('delivered', 1)], [fact('read', 2)])).toMatchObject({
      state: 'read',
      conflict: false,
    });
    expect(mergeFacts([fact('read', 1)], [fact('failed', 2)])).toMatchObject({
      state: 'read',
      conflict: true,
    });
  });

  it('takes the code of the latest report that has one', () => {
    const facts = [fact('undelivered', 2), fact('undelivered', 6, '30005'), fact('undelivered', 4, '30003')];
    const record = mergeFacts([], facts);
    expect(record).toMatchObject({ errorCode: '30005', history: [{ ...facts[0], errorCode: '30005' }] });
    expect(record.reports).toEqual([facts[0], facts[2], facts[1]]);
    expect(mergeFacts(all(record).slice(0, 2), [])).toMatchObject({ errorCode: '30003' });
  });

  it('keeps the first reports of a state, and the last', () => {
    const facts = Array.from({ length: 30 }, (_, second) => fact('sent', second));
    expect(mergeFacts([], facts).reports).toEqual([...facts.slice(0, 9), facts[29]]);
    expect(facts.reduce<DeliveryFact[]>((known, one) => all(mergeFacts(known, [one])), [])).toEqual(
      mergeFacts([], facts).reports,
    );
  });

  it('shows two messages with one id as a conflict, and keeps the one that came in', () => {
    expect(mergeFacts([fact('delivered', 1)], [fact('received', 2)])).toMatchObject({
      state: 'received',
      conflict: true,
    });
  });

  it('keeps the earliest fact for each state', () => {
    const { history } = mergeFacts([fact('sent', 5)], [fact('sent', 3), fact('queued', 9)]);
    expect(history).toEqual([fact('queued', 9), fact('sent', 3)]);
  });
});
