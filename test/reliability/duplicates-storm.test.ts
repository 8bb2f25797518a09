import { Agent } from 'node:http';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { messageBody } from '../support/test-application.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';
import { createCallTable, missingInTheEnd, NOTHING_MISSING } from './books.js';
import { Fleet } from './fleet.js';
import { post } from './load.js';

const LISTENERS = ['fast', 'second'];

/** How often each id is sent, at once, over all processes. */
const COPIES = 20;

const IDS = Array.from({ length: 100 }, (_, index) => `storm_${index}`);

let database: TestDatabase;
let fleet: Fleet;

beforeAll(async () => {
  database = await createTestDatabase();
  await (await openDataSource(database.url)).destroy();
  await createCallTable(database);
  fleet = new Fleet(database.url, LISTENERS);
  await fleet.start(['all', 'all', 'all']);
}, 60_000);
afterAll(async () => {
  await fleet.stop();
  await database.drop();
});

it('of an event sent 20 times at once to three processes, one is accepted, stored and handled', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 100 });
  const targets = fleet.targets();
  const receipts = await Promise.all(
    IDS.map(async (id, first) => {
      const body = messageBody('message.received');
      const copies = Array.from({ length: COPIES }, (_, copy) =>
        post(targets[(first + copy) % targets.length]!, id, body, agent),
      );
      return (await Promise.all(copies)).map(({ status, receipt, error }) => receipt ?? error ?? status);
    }),
  );
  agent.destroy();

  const once = ['accepted', ...Array.from({ length: COPIES - 1 }, () => 'duplicate')];
  for (const ofOneId of receipts) expect(ofOneId.toSorted()).toEqual(once);
  expect(await missingInTheEnd(database, IDS, LISTENERS, 30_000)).toEqual(NOTHING_MISSING);
  const [stored] = await database.query('SELECT count(*)::int AS count FROM postack.inbox_event');
  expect(stored).toEqual({ count: IDS.length });
  const calls = await database.query(
    `SELECT listener, count(*)::int AS calls, count(DISTINCT svix_id)::int AS events, max(attempt) AS attempt
     FROM reliability_call GROUP BY listener ORDER BY listener`,
  );
  expect(calls).toEqual(
    LISTENERS.map((listener) => ({ listener, calls: IDS.length, events: IDS.length, attempt: 1 })),
  );
  expect(fleet.unexpectedEnds).toEqual([]);
}, 60_000);
