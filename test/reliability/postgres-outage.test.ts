import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { waitUntil } from '../support/wait-until.js';
import { handledTwice, missingInTheEnd, NOTHING_MISSING, tell } from './books.js';
import { Fleet } from './fleet.js';
import { Load } from './load.js';
import { OwnPostgres, type PostgresEnd } from './own-postgres.js';
import { Random, seedOfRun } from './random.js';

const LISTENERS = ['fast', 'slow'];

let postgres: OwnPostgres;
let fleet: Fleet;
let load: Load;

beforeAll(async () => {
  postgres = await OwnPostgres.start();
  fleet = new Fleet(postgres.url, LISTENERS);
  await fleet.start(['accept', 'work', 'all']);
  const random = new Random(seedOfRun());
  load = new Load({ targets: fleet.targets, perSecond: 60, random, prefix: 'outage_', keepAlive: false });
}, 90_000);
afterAll(async () => {
  await load.stop();
  await fleet.stop();
  await postgres.remove();
}, 60_000);

/** While it is down, every webhook is answered 503; when it is back, 204 again. */
async function outage(how: PostgresEnd): Promise<void> {
  await postgres.end(how);
  const acknowledged = load.acknowledged.length;
  const refused = load.count('503');
  await waitUntil(() => load.count('503') >= refused + 30 || undefined, {
    what: () => `30 answers 503; ${JSON.stringify([...load.answers])}`,
  });
  // Commits from just before may be acknowledged just after; nothing is from later on.
  expect(load.acknowledged.length - acknowledged).toBeLessThan(30);
  await postgres.startAgain();
  await load.acknowledges(60);
}

it('PostgreSQL cut off, stopped and killed under load: 503 until it is back, nothing lost, nobody restarted', async () => {
  const pids = fleet.processes.map(({ pid }) => pid);
  load.start();
  await load.acknowledges(60);
  await postgres.cutConnections();
  await load.acknowledges(30);
  await postgres.cutConnections();
  await load.acknowledges(30);
  await outage('immediate');
  await outage('kill');
  await outage('stop');
  await load.stop();

  const left = await missingInTheEnd(postgres, load.acknowledged, LISTENERS, 60_000);
  tell('PostgreSQL outages', {
    posted: load.posted.size,
    acknowledged: load.acknowledged.length,
    'answered 503': load.count('503'),
    lost: left.lost,
    'handled twice': await handledTwice(postgres),
  });
  expect(left).toEqual(NOTHING_MISSING);
  expect([...load.answers.keys()].toSorted()).toEqual(['204', '503']);
  expect(fleet.unexpectedEnds).toEqual([]);
  expect(fleet.processes.map(({ pid }) => pid)).toEqual(pids);
  // Of five outages.
  const lines = fleet.processes.map((process) => process.lines);
  tell('PostgreSQL outages', { 'lines logged': lines.join(' ') });
  for (const count of lines) expect(count).toBeLessThan(5 * 30);
}, 120_000);
