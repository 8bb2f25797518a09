import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalPostack } from './local-postack.js';
import type { Seed } from './seeded-random.js';
import type { StormOptions } from './storm-options.js';
import { planStorm, type StormExpectation, type StormPlan } from './storm-plan.js';
import type { StormStep } from './storm-step.js';
import { type Delivery, isTaken } from './webhook-delivery.js';

/** One delivery of a storm to one endpoint. */
export interface StormDelivery extends Delivery {
  /** What the answer had to be. */
  readonly expected: StormStep['answer'];
}

/** What came of a storm. */
export interface StormReport {
  plan: StormPlan;
  expected: StormExpectation;
  /** What was posted, in the order in which it was answered: one for each step and endpoint, without retries. */
  posted: StormDelivery[];
  /**
   * Deliveries to which a correct receiver would have answered something else. A 5xx, or no answer, is nothing to be
   * surprised at if the event has been taken in the end.
   */
  surprises: StormDelivery[];
}

/** Under way at once; the storm waits when the receiver cannot keep up. */
const CONCURRENCY = 64;

/**
 * Delivers a reproducible storm of events, with faults, to all endpoints, and tells what a correct receiver must have
 * stored. Resolves when everything has settled, retries too: with a receiver that is down for long, `timeScale` should
 * be large. The same seed makes the same ids: a receiver that has seen the storm takes its events for duplicates.
 *
 * @example
 * ```ts
 * const faults = { duplicates: 0.3, reordering: 0.3, wrongSignatures: 0.05 };
 * const { expected, surprises } = await storm(postack, { seed: 1, customers: 20, messages: 500, faults });
 * ```
 * @throws {SimulatorOptionError}
 * @throws {SimulatorStoppedError} when the local Postack is stopped meanwhile.
 */
export async function storm(
  postack: LocalPostack,
  { seed, ...options }: StormOptions & { seed: Seed },
): Promise<StormReport> {
  const plan = planStorm(seed, options);
  const { length: before } = postack.deliveries;
  const posted: StormDelivery[] = [];
  const beginning = Date.now();
  const timeOf = (ms: number) => beginning + ms / postack.timeScale;

  // One iterator for all: each takes the next step that nobody has taken.
  const steps = plan.steps.values();
  const carryOut = async () => {
    for (const { atMs, event, answer, hangUpAfterMs, ...manner } of steps) {
      await sleep(Math.max(0, timeOf(atMs) - Date.now()));
      const { id, type, data, happensAtMs } = event;
      const deliveries = await postack.deliver(
        { id, type, timestamp: new Date(timeOf(happensAtMs)).toISOString(), data },
        { ...manner, hangUpAfterMs: hangUpAfterMs ?? undefined, isRetried: answer === 'accepted' },
      );
      posted.push(...deliveries.map((delivery) => ({ ...delivery, expected: answer })));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, carryOut));
  await postack.settled();
  const surprises = surprisesIn(posted, postack.deliveries.slice(before));
  return { plan, expected: plan.expected, posted, surprises };
}

function surprisesIn(posted: readonly StormDelivery[], all: readonly Delivery[]): StormDelivery[] {
  const key = ({ eventId, endpointId }: Delivery) => `${eventId} ${endpointId}`;
  const taken = new Set(all.filter(isTaken).map(key));
  return posted.filter((delivery) => {
    const { expected, status } = delivery;
    const isFinal = status !== null && status < 500;
    if (expected === 'refused') return isFinal && status !== 401;
    return expected === 'accepted' && ((isFinal && !isTaken(delivery)) || !taken.has(key(delivery)));
  });
}
