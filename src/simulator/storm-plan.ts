import { type Seed, SeededRandom } from './seeded-random.js';
import { segmentsOf } from './segments.js';
import type { SimulatedEventData } from './simulated-event.js';
import { SimulatorOptionError } from './simulator-errors.js';
import { SimulatorIds } from './simulator-ids.js';
import { planDeliveries } from './storm-faults.js';
import { resolveFaults, type StormOptions } from './storm-options.js';
import type { StormEvent, StormStep } from './storm-step.js';

/** The deliveries of a storm, and their expected result. */
export interface StormPlan {
  /** In order of time. */
  steps: StormStep[];
  expected: StormExpectation;
}

/** Result of a storm at a correct receiver; each list in order of event time. */
export interface StormExpectation {
  /** Ids of the events that must be stored, once each. */
  accepted: string[];
  /** Ids of the events that must not be stored. */
  refused: string[];
}

/** Time between the events of one message. */
const EVENT_GAP_MS = 50;

const withSegments = (text: string) => ({ text, segments: segmentsOf(text) });

/** Segments are counted once, because it is slow. */
const TEXTS = [
  withSegments('Hi'),
  withSegments('Are you open today?'),
  withSegments('Thanks 😀'),
  withSegments('x'.repeat(161)),
] as const;

const CARRIER_ERRORS = ['30003', '30005', '30006', '30007'] as const;

/**
 * Plans a storm. A pure function: the same arguments give the same plan.
 *
 * @throws {SimulatorOptionError} when a probability is invalid, or `customers` is less than 1.
 */
export function planStorm(seed: Seed, options: StormOptions): StormPlan {
  const { customers, messages, lengthMs = 1000, ownNumber = '+15550190000' } = options;
  const faults = resolveFaults(options.faults);
  if (!(customers >= 1)) throw new SimulatorOptionError('"customers" must be at least 1');
  const random = new SeededRandom(`storm ${seed}`);
  const ids = new SimulatorIds(`storm ${seed}`);
  const events: StormEvent[] = [];
  const steps: StormStep[] = [];
  for (let index = 0; index < messages; index += 1) {
    const customer = `+1555010${String(random.between(1, customers)).padStart(4, '0')}`;
    const startMs = Math.floor((index * lengthMs) / messages);
    const ofMessage = planMessage(random, ids, [customer, ownNumber], startMs);
    const arrivals = ofMessage.map(({ happensAtMs }) => happensAtMs);
    const order = random.chance(faults.reordering) ? random.shuffle(arrivals) : arrivals;
    ofMessage.forEach((event, position) => {
      steps.push(...planDeliveries(random, faults, event, order[position] ?? event.happensAtMs));
    });
    events.push(...ofMessage);
  }
  const taken = new Set(steps.filter(({ answer }) => answer === 'accepted').map(({ event }) => event.id));
  const idsOf = (isTaken: boolean) => events.map(({ id }) => id).filter((id) => taken.has(id) === isTaken);
  return {
    // The sort is stable: steps planned for the same time keep their order.
    steps: steps.sort((a, b) => a.atMs - b.atMs),
    expected: { accepted: idsOf(true), refused: idsOf(false) },
  };
}

/** Plans the events of a message between a customer and your number, in either direction. */
function planMessage(
  random: SeededRandom,
  ids: SimulatorIds,
  [customer, ownNumber]: readonly [string, string],
  startMs: number,
): StormEvent[] {
  const isInbound = random.chance(0.5);
  const [from, to] = isInbound ? [customer, ownNumber] : [ownNumber, customer];
  const id = ids.nextMessage(from, to);
  const text = random.pick(TEXTS);
  const states = isInbound ? [{ status: 'received' }] : outboundStates(random);
  return states.map((state, position) => {
    const type = `message.${state.status}`;
    return {
      ...{ id: ids.event(id, type), type, happensAtMs: startMs + position * EVENT_GAP_MS },
      data: { id, from, to, ...text, ...state },
    };
  });
}

function outboundStates(random: SeededRandom): Pick<SimulatedEventData, 'status' | 'errorCode'>[] {
  const luck = random.next();
  if (luck < 0.1) return [{ status: 'queued' }, { status: 'failed', errorCode: '30034' }];
  const end =
    luck < 0.3 ? { status: 'undelivered', errorCode: random.pick(CARRIER_ERRORS) } : { status: 'delivered' };
  return [{ status: 'queued' }, { status: 'sent' }, end];
}
