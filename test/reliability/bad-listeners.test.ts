import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { createCallTable, latencies, missingInTheEnd, NOTHING_MISSING, tell } from './books.js';
import { Fleet } from './fleet.js';
import { Load } from './load.js';
import { Random, seedOfRun } from './random.js';

/** Those that are measured, beside the one that does what the events' text says. */
const OTHERS = ['fast', 'second'];

const EVENTS = 200;
const PER_SECOND = 30;

/**
 * Other work on this machine slows down one measurement and not the next, a listener that holds up others slows
 * down each: a difference counts when it is there every time, against an undisturbed run of that very moment.
 */
const ROUNDS = 3;

/** Below these, a difference is the machine's, not the bad listener's. In milliseconds. */
const MEDIAN_FLOOR_MS = 50;
const P95_FLOOR_MS = 150;

let database: TestDatabase;
let fleet: Fleet;
/** As last measured. */
let undisturbed: Latency;
let rounds = 0;

interface Latency {
  median: number;
  p95: number;
}

beforeAll(async () => {
  database = await createTestDatabase();
  await (await openDataSource(database.url)).destroy();
  await createCallTable(database);
  fleet = new Fleet(database.url, [...OTHERS, 'bad']);
  await fleet.start(['all', 'all', 'all']);
  // Code is compiled and connections are open before anything is measured.
  await latencyWhile('warm', 60);
  undisturbed = await latencyWhile('good');
}, 90_000);
afterAll(async () => {
  await fleet.stop();
  await database.drop();
}, 60_000);

/** Compares, and again against a new undisturbed run where there is a difference. */
async function expectAsUndisturbed(badDoes: string, isAsUndisturbed: (latency: Latency) => boolean) {
  const measured: { undisturbed: Latency; disturbed: Latency }[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    if (round > 1) {
      await badListenerIsIdle();
      undisturbed = await latencyWhile('good');
    }
    const disturbed = await latencyWhile(badDoes);
    if (isAsUndisturbed(disturbed)) return;
    measured.push({ undisturbed, disturbed });
  }
  throw new Error(`The others are slower, round after round: ${JSON.stringify(measured)}`);
}

const isMedianAsUndisturbed = ({ median }: Latency) =>
  median <= Math.max(2 * undisturbed.median, MEDIAN_FLOOR_MS);

const isAsUndisturbed = (latency: Latency) =>
  isMedianAsUndisturbed(latency) && latency.p95 <= Math.max(2 * undisturbed.p95, P95_FLOOR_MS);

/** Until it has nothing left to do. */
async function badListenerIsIdle(): Promise<void> {
  const look = async () => {
    const rows = await database.query(
      `SELECT 1 FROM postack.inbox_event AS event WHERE NOT EXISTS (SELECT FROM postack.delivery AS outcome
         WHERE outcome.event_id = event.id AND outcome.handler = 'bad' AND outcome.status IN ('done', 'dead')) LIMIT 1`,
    );
    return rows.length === 0 || undefined;
  };
  await waitUntil(look, { what: () => 'the bad listener to be idle', timeoutMs: 90_000, everyMs: 250 });
}

/** From posting to the call of a listener that is not the bad one, while that one does something. */
async function latencyWhile(badDoes: string, events = EVENTS): Promise<Latency> {
  const random = new Random(seedOfRun());
  rounds += 1;
  const prefix = `${badDoes}_${rounds}_`;
  const options = { targets: fleet.targets, perSecond: PER_SECOND, random, prefix, text: badDoes };
  const load = new Load(options).start();
  await load.acknowledges(events);
  await load.stop();
  const left = await missingInTheEnd(database, load.acknowledged, OTHERS, 60_000);
  expect(left).toEqual(NOTHING_MISSING);
  const sorted = await latencies(database, load.posted, OTHERS);
  expect(sorted.length).toBeGreaterThanOrEqual(events * OTHERS.length);
  const quantile = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]!;
  const latency = { median: quantile(0.5), p95: quantile(0.95) };
  tell(`one listener: ${badDoes}; the others`, {
    events: load.acknowledged.length,
    'median ms': latency.median,
    'p95 ms': latency.p95,
  });
  return latency;
}

it.each(['slow', 'throw'])(
  'a listener that does this leaves the latency of the others as it was: %s',
  async (badDoes) => {
    await expectAsUndisturbed(badDoes, isAsUndisturbed);
    expect(fleet.unexpectedEnds).toEqual([]);
  },
  180_000,
);

it('a listener that crashes its process, again and again, leaves the median of the others as it was', async () => {
  await expectAsUndisturbed('crash', isMedianAsUndisturbed);
  expect(fleet.unexpectedEnds.length).toBeGreaterThan(0);
  for (const end of fleet.unexpectedEnds) expect(end).toContain('ended with SIGKILL');
  await fleet.allListening();
}, 240_000);

// Last: it leaves a queue behind that is longer than any other.
it('a listener that hangs leaves the latency of the others as it was', async () => {
  await expectAsUndisturbed('hang', isAsUndisturbed);
}, 240_000);
