import { describe, expect, it } from '@jest/globals';
import type { StormFaults } from './storm-options.js';
import { planStorm } from './storm-plan.js';
import type { StormStep } from './storm-step.js';

const ALL_FAULTS: StormFaults = {
  ...{ duplicates: 0.3, reordering: 0.3, delay: 0.3, clockSkew: 0.3, wrongSignatures: 0.3, outages: 0.3 },
};

const plan = (faults: Partial<StormFaults>, seed = 7) =>
  planStorm(seed, { customers: 10, messages: 100, faults });

const deliveriesOf = (steps: readonly StormStep[]) => Map.groupBy(steps, ({ event }) => event.id);

describe('the plan of a storm', () => {
  it('is the same for the same seed, and another for another seed', () => {
    expect(plan(ALL_FAULTS)).toEqual(plan(ALL_FAULTS));
    const ids = new Set(plan(ALL_FAULTS).steps.map(({ event }) => event.id));
    expect(plan(ALL_FAULTS, 8).steps.filter(({ event }) => ids.has(event.id))).toEqual([]);
  });

  it('without faults delivers each event once, when it happens', () => {
    const { steps, expected } = plan({});
    expect(steps.map(({ event }) => event.id).toSorted()).toEqual(expected.accepted.toSorted());
    expect(expected.refused).toEqual([]);
    expect(
      steps.every(({ atMs, event, answer }) => atMs === event.happensAtMs && answer === 'accepted'),
    ).toBe(true);
    expect(new Set(steps.map(({ event }) => event.type))).toEqual(
      new Set(
        ['received', 'queued', 'sent', 'delivered', 'undelivered', 'failed'].map((end) => `message.${end}`),
      ),
    );
    expect(new Set(expected.accepted).size).toBe(expected.accepted.length);
  });

  it('is in the order of time', () => {
    const times = plan(ALL_FAULTS).steps.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('says of every event whether it must be accepted: when one of its deliveries is right', () => {
    const { steps, expected } = plan(ALL_FAULTS);
    const accepted = [...deliveriesOf(steps)]
      .filter(([, deliveries]) => deliveries.some(({ answer }) => answer === 'accepted'))
      .map(([id]) => id);
    expect(accepted.toSorted()).toEqual(expected.accepted.toSorted());
    expect(expected.refused.length).toBeGreaterThan(10);
    const all = new Set(steps.map(({ event }) => event.id));
    expect(all).toEqual(new Set([...expected.accepted, ...expected.refused]));
  });

  it('repeats every event when duplicates are certain, at once or later', () => {
    const groups = [...deliveriesOf(plan({ duplicates: 1 }).steps).values()];
    expect(groups.every(({ length }) => length >= 2 && length <= 4)).toBe(true);
    const isAtOnce = ([first, second]: StormStep[]) => first!.atMs === second!.atMs;
    expect(groups.some(isAtOnce)).toBe(true);
    expect(groups.some((group) => !isAtOnce(group))).toBe(true);
  });

  it('brings the events of a message out of order when told to', () => {
    const outOfOrder = ({ steps }: { steps: StormStep[] }) =>
      [...Map.groupBy(steps, ({ event }) => event.data.id).values()].filter((group) =>
        group.some(({ event }, index) => event.happensAtMs < (group[index - 1]?.event.happensAtMs ?? 0)),
      ).length;
    expect(outOfOrder(plan({}))).toBe(0);
    expect(outOfOrder(plan({ reordering: 1 }))).toBeGreaterThan(20);
  });

  it('brings every event late when delay is certain', () => {
    const delays = plan({ delay: 1 }).steps.map(({ atMs, event }) => atMs - event.happensAtMs);
    expect(Math.min(...delays)).toBeGreaterThan(0);
    expect(Math.max(...delays)).toBeLessThanOrEqual(500);
  });

  it('expects a refusal just when the clock is off by more than 5 minutes', () => {
    const { steps } = plan({ clockSkew: 1 });
    const minutes = (step: StormStep) => Math.abs(step.clockSkewMs) / 60_000;
    const { refused, accepted } = Object.groupBy(steps, ({ answer }) => answer);
    expect(refused!.every((step) => minutes(step) >= 6)).toBe(true);
    expect(accepted!.every((step) => minutes(step) <= 4)).toBe(true);
    expect(accepted!.some((step) => minutes(step) >= 1)).toBe(true);
    expect(new Set(steps.map(({ clockSkewMs }) => Math.sign(clockSkewMs)))).toEqual(new Set([-1, 0, 1]));
  });

  it('expects a refusal of every wrong signature, whether the right one comes afterwards or not', () => {
    const { steps, expected } = plan({ wrongSignatures: 1 });
    for (const [first, ...others] of deliveriesOf(steps).values()) {
      expect(first).toMatchObject({ hasWrongSignature: true, answer: 'refused' });
      expect(
        others.every(({ answer, hasWrongSignature }) => answer === 'accepted' && !hasWrongSignature),
      ).toBe(true);
    }
    expect(expected.accepted.length).toBeGreaterThan(30);
    expect(expected.refused.length).toBeGreaterThan(30);
  });

  it('delivers every event again after an outage', () => {
    for (const [first, second] of deliveriesOf(plan({ outages: 1 }).steps).values()) {
      expect(first).toMatchObject({ hangUpAfterMs: expect.any(Number), answer: 'unknown' });
      expect(second).toMatchObject({ hangUpAfterMs: null, answer: 'accepted' });
      expect(second!.atMs).toBeGreaterThan(first!.atMs);
    }
  });

  it('is rejected with an invalid probability, or without customers', () => {
    expect(() => plan({ delay: 1.1 })).toThrow('"faults.delay" must be a probability, from 0 to 1');
    expect(() => planStorm(1, { customers: 0, messages: 1 })).toThrow('"customers" must be at least 1');
  });
});
