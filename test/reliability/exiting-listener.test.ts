import { afterEach, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { createCallTable, tell } from './books.js';
import { Fleet } from './fleet.js';
import { conversationBody, postUntilAcknowledged } from './posting.js';
import { IS_SOAK } from './soak.js';

const EVENTS = IS_SOAK ? 120 : 40;
const GUILTY = IS_SOAK ? [5, 20, 41, 42, 63, 90, 111] : [20];
const LISTENERS = ['exits', 'fast', 'ordered'];

let database: TestDatabase | undefined;
let fleet: Fleet | undefined;
afterEach(async () => {
  await fleet?.stop();
  await database?.drop();
}, 30_000);

it('a listener that ends the process for some events: only these become dead letters', async () => {
  database = await createTestDatabase();
  await createCallTable(database);
  // Short, because the process dies many times.
  fleet = new Fleet(database.url, LISTENERS, { WORKER_TIMEOUT_MS: '1500' });
  await fleet.start(['all']);
  const ids = Array.from({ length: EVENTS }, (_, number) => `exit_${number}`);
  for (const [number, id] of ids.entries()) {
    const text = GUILTY.includes(number) ? 'exit' : 'Hello';
    await postUntilAcknowledged(fleet.targets, id, conversationBody(number % 20, number, text));
  }
  const unsettled = () =>
    database!.query(`SELECT 1 FROM postack.delivery WHERE status NOT IN ('done', 'dead') UNION ALL
      SELECT 1 FROM postack.inbox_event WHERE status = 'pending'`);
  await waitUntil(async () => (await unsettled()).length === 0 || undefined, {
    what: () => `all to be settled; ${fleet!.unexpectedEnds.length} deaths`,
    timeoutMs: 600_000,
    everyMs: 200,
  });
  tell('exiting listener', { deaths: fleet.unexpectedEnds.length });

  const dead = await database.query(
    `SELECT e.svix_id AS id, d.handler, d.crashes, d.last_error ->> 'name' AS error
     FROM postack.delivery d JOIN postack.inbox_event e ON e.id = d.event_id WHERE d.status = 'dead' ORDER BY e.id`,
  );
  expect(dead).toEqual(
    GUILTY.map((number) => ({ id: ids[number], handler: 'exits', crashes: 3, error: 'ProcessDiedError' })),
  );
  const blamed = await database.query('SELECT 1 FROM postack.delivery WHERE crashes > 0');
  expect(blamed).toHaveLength(GUILTY.length);
  // By the listeners' own book: all others were handled.
  const handled = await database.query<{ listener: string; count: number }>(
    `SELECT listener, count(DISTINCT svix_id)::int AS count FROM reliability_call
     WHERE outcome = 'done' GROUP BY listener ORDER BY listener`,
  );
  expect(handled).toEqual([
    { listener: 'exits', count: EVENTS - GUILTY.length },
    { listener: 'fast', count: EVENTS },
    { listener: 'ordered', count: EVENTS },
  ]);
}, 700_000);
