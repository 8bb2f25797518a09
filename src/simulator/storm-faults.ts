import type { SeededRandom } from './seeded-random.js';
import type { StormFaults } from './storm-options.js';
import type { StormEvent, StormStep } from './storm-step.js';

const MAX_DELAY_MS = 500;
/** Until a retry, or a duplicate. */
const MAX_REPEAT_MS = 300;
const MAX_CONNECTION_MS = 10;
const MINUTE_MS = 60_000;

/** The deliveries of one event: first the faulty ones, then, unless it is a forgery, the correct ones. */
export function planDeliveries(
  random: SeededRandom,
  faults: StormFaults,
  event: StormEvent,
  arrivesAtMs: number,
): StormStep[] {
  const steps: StormStep[] = [];
  let atMs = arrivesAtMs + (random.chance(faults.delay) ? random.between(1, MAX_DELAY_MS) : 0);
  const add = (answer: StormStep['answer'], peculiarity: Partial<StormStep> = {}) => {
    const plain = { atMs, event, clockSkewMs: 0, hasWrongSignature: false, hangUpAfterMs: null, answer };
    steps.push({ ...plain, ...peculiarity });
  };
  const later = () => atMs + random.between(1, MAX_REPEAT_MS);

  if (random.chance(faults.wrongSignatures)) {
    add('refused', { hasWrongSignature: true });
    if (random.chance(0.5)) return steps;
    atMs = later();
  }
  let clockSkewMs = 0;
  if (random.chance(faults.clockSkew)) {
    const sign = random.pick([-1, 1]);
    if (random.chance(0.5)) {
      add('refused', { clockSkewMs: sign * random.between(6 * MINUTE_MS, 60 * MINUTE_MS) });
      if (random.chance(0.5)) return steps;
      atMs = later();
    } else {
      clockSkewMs = sign * random.between(MINUTE_MS, 4 * MINUTE_MS);
    }
  }
  if (random.chance(faults.outages)) {
    add('unknown', { hangUpAfterMs: random.between(0, MAX_CONNECTION_MS) });
    atMs = later();
  }
  add('accepted', { clockSkewMs });
  if (random.chance(faults.duplicates)) {
    for (let copies = random.between(1, 3); copies > 0; copies -= 1) {
      add('accepted', { atMs: random.chance(0.5) ? atMs : later() });
    }
  }
  return steps;
}
