import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { signWebhook } from '../../src/testing/index.js';
import { type ServiceProcess, ServiceProcesses } from '../support/service-process.js';
import { TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { tell } from './books.js';
import { type Held, lookInto } from './inspector.js';
import { Load } from './load.js';
import {
  BODIES,
  CUT_OFF,
  DEEP_EVENT,
  HEADERS,
  type MalformedKind,
  REQUESTS,
  SLOW,
} from './malformed-kinds.js';
import { Random, seedOfRun } from './random.js';
import { converse } from './raw-request.js';

/** Of every kind, and of every slow one: 10,000 and more in all; before that, so many to warm up. */
const OF_EACH = 200;
const OF_EACH_FIRST = 30;
const OF_EACH_SLOW = 40;

/** Connections at once, besides the slow ones. */
const CLIENTS = 48;

/** What a process may hold more than before: caches that are still filling up. */
const HEAP_TOLERANCE_BYTES = 4 * 2 ** 20;
/** JavaScript's heap does not shrink at once when it is empty again. */
const RESIDENT_TOLERANCE_BYTES = 100 * 2 ** 20;

const KINDS = [...HEADERS, ...BODIES, ...REQUESTS, ...CUT_OFF];

const ADMIN_KEY = 'a-long-enough-admin-key';

const processes = new ServiceProcesses();
let database: TestDatabase;
let service: ServiceProcess;
let inspectorUrl: string;
let webhookUrl: string;
/** Answers that should not have come, or should have, by kind. */
const wrong = new Map<string, Set<string>>();
let sent = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  service = processes.start(await processes.directory(), {
    DATABASE_URL: database.url,
    POSTACK_WEBHOOK_SECRET: TEST_SECRET,
    POSTACK_ADMIN_KEY: ADMIN_KEY,
    HOST: '127.0.0.1',
    NODE_OPTIONS: '--inspect=127.0.0.1:0',
  });
  ({ webhookUrl } = await service.banner());
  inspectorUrl = (await service.printed(/Debugger listening on (ws:\S+)/))[1]!;
}, 60_000);
afterAll(async () => {
  await processes.clear();
  await database.drop();
});

async function send(kind: MalformedKind, number: number): Promise<void> {
  const statuses = await converse(Number(new URL(webhookUrl).port), kind.conversation(number));
  sent += 1;
  const unexpected: (number | string)[] = statuses.filter((status) => !kind.answers.includes(status));
  if (statuses.length === 0 && kind.isAnswered) unexpected.push('none');
  if (unexpected.length === 0) return;
  const known = wrong.get(kind.name) ?? new Set();
  for (const one of unexpected) known.add(`${one} at ${number}`);
  wrong.set(kind.name, known);
}

/** So many of each kind, all kinds mixed, through a number of clients at once. */
async function sendAll(kinds: readonly MalformedKind[], ofEach: number, clients: number): Promise<void> {
  let next = 0;
  const client = async () => {
    while (next < ofEach * kinds.length) {
      const number = next++;
      await send(kinds[number % kinds.length]!, Math.floor(number / kinds.length));
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
}

/** What the service holds when nobody is connected and nothing is left to do. */
async function settled(): Promise<Held> {
  const look = async () => {
    const pending = await database.query(
      `SELECT 1 FROM postack.inbox_event WHERE status = 'pending' LIMIT 1`,
    );
    const toPostgres = await database.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    const held = await lookInto(inspectorUrl);
    return pending.length === 0 && held.sockets === toPostgres.length ? held : undefined;
  };
  return waitUntil(look, { what: () => 'all clients to be gone', timeoutMs: 30_000, everyMs: 200 });
}

it('10,000 malformed requests of every kind: no 5xx, no crash, nothing left behind', async () => {
  await sendAll(KINDS, OF_EACH_FIRST, CLIENTS);
  const before = await settled();

  const honest = new Load({
    targets: () => [webhookUrl],
    perSecond: 20,
    random: new Random(seedOfRun()),
    prefix: 'honest_',
    keepAlive: false,
  }).start();
  await Promise.all([
    sendAll(KINDS, OF_EACH, CLIENTS),
    sendAll(SLOW, OF_EACH_SLOW, OF_EACH_SLOW * SLOW.length),
  ]);
  await honest.stop();
  const after = await settled();
  const megabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  tell('malformed requests', {
    sent,
    kinds: KINDS.length + SLOW.length,
    'heap MB before': megabytes(before.heapBytes),
    after: megabytes(after.heapBytes),
    'resident MB before': megabytes(before.residentBytes),
    'and after': megabytes(after.residentBytes),
  });

  expect(Object.fromEntries([...wrong].map(([name, answers]) => [name, [...answers].slice(0, 5)]))).toEqual(
    {},
  );
  expect(sent).toBeGreaterThan(10_000);
  expect([...honest.answers]).toEqual([['204', honest.posted.size]]);
  expect(service.output).not.toMatch(/Webhook answered with 5|A fault that nobody|A request failed/);
  expect(after.heapBytes - before.heapBytes).toBeLessThan(HEAP_TOLERANCE_BYTES);
  expect(after.residentBytes - before.residentBytes).toBeLessThan(RESIDENT_TOLERANCE_BYTES);
  const failed = await database.query(
    `SELECT handler, outcome.status, convert_from(substring(body FOR 200), 'LATIN1') AS body
     FROM postack.delivery AS outcome JOIN postack.inbox_event AS event ON event.id = outcome.event_id
     WHERE outcome.status <> 'done' LIMIT 5`,
  );
  expect(failed).toEqual([]);
  const undone = await database.query(
    `SELECT 1 FROM postack.inbox_event WHERE svix_id LIKE 'honest%' AND status <> 'dispatched'`,
  );
  expect(undone).toEqual([]);
}, 120_000);

it('an event of deeply nested JSON can be looked at', async () => {
  const { id, headers, body } = signWebhook({ secret: TEST_SECRET, body: DEEP_EVENT });
  expect((await fetch(webhookUrl, { method: 'POST', headers, body })).status).toBe(204);
  const { origin } = new URL(webhookUrl);
  const authorization = `Bearer ${ADMIN_KEY}`;
  const answer = await fetch(`${origin}/api/v1/events/${id}`, { headers: { authorization } });
  expect(answer.status).toBe(200);
});
