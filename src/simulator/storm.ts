import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalPostack } from './local-postack.js';
import type { Seed } from './seeded-random.js';
import type { StormOptions } from './storm-options.js';
import { planStorm, type StormExpectation, type StormPlan } from './storm-plan.js';
import type { StormStep } from './storm-step.js';
import { type Delivery, isTaken } from './webhook-delivery.js';

/** One delivery of a storm to one endpoint. */
export interface StormDelivery extends Delivery {
  /** The expected response. */
  readonly expected: StormStep['answer'];
}

/** Result of a storm. */
export interface StormReport {
  plan: StormPlan;
  expected: StormExpectation;
  /** The deliveries, in order of their responses: one per step and endpoint, without retries. */
  posted: StormDelivery[];
  /**
   * Deliveries with a response that a correct receiver would not have given. A 5xx, or no response, is not one of them
   * if the event was accepted eventually.
   */
  surprises: StormDelivery[];
}

/** Concurrent deliveries; the storm slows down when the receiver cannot keep up. */
const CONCURRENCY = 64;

/**
 * Delivers a reproducible storm of events, with faults, to all endpoints, and returns what a correct receiver must have
 * stored. Resolves when all deliveries and their retries are finished: use a large `timeScale` with a receiver that is
 * down for long. The same seed gives the same ids: a receiver that has seen the storm treats its events as duplicates.
 *
 * @example
 * ```ts
 * const faults = { duplicates: 0.3, reordering: 0.3, wrongSignatures: 0.05 };
 * const { expected, surprises } = await storm(postack, { seed: 1, customers: 20, messages: 500, faults });
 * ```
 * @throws {SimulatorOptionError}
 * @throws {SimulatorStoppedError} when the local Postack is stopped before the end.
 */
export async function storm(
  postack: LocalPostack,
  { seed, ...options }: StormOptions & { seed: Seed },
): Promise<StormReport> {
  const plan = planStorm(seed, options);
  const { length: before } = postack.deliveries;
  const posted: StormDelivery[] = [];
  const startedAt = Date.now();
  const timeOf = (ms: number) => startedAt + ms / postack.timeScale;

  // One shared iterator: each worker takes the next step.
  const steps = plan.steps.values();
  const worker = async () => {
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
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
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
