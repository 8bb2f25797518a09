import { afterEach, expect, it } from '@jest/globals';
import { Outbox } from '../../src/index.js';
import { LocalPostack } from '../../src/simulator/index.js';
import { startTestApplication, TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { createCallTable } from './books.js';
import { HostProcess } from './host-process.js';
import { conversationBody } from './posting.js';

const HOUR_MS = 3_600_000;

const processes: HostProcess[] = [];
let database: TestDatabase | undefined;
let postack: LocalPostack | undefined;
afterEach(async () => {
  for (const process of processes.splice(0)) {
    process.kill('SIGKILL');
    await process.exit;
  }
  await postack?.stop();
  await database?.drop();
  // The rest of the run may keep the machine busy meanwhile.
}, 90_000);

it.each([
  ['right', 0],
  ['an hour ahead', HOUR_MS],
  ['an hour behind', -HOUR_MS],
])(
  'retries by the clock of PostgreSQL when that of the machine is %s',
  async (_clock, offsetMs) => {
    database = await createTestDatabase();
    await createCallTable(database);
    postack = await LocalPostack.start();
    // The client of the outbox makes some attempts at once, then the message waits for five seconds.
    await postack.api.down();
    const process = new HostProcess({
      DATABASE_URL: database.url,
      SECRET: TEST_SECRET,
      LISTENERS: 'fails',
      CLOCK_OFFSET_MS: String(offsetMs),
      API_URL: postack.url,
      API_KEY: postack.apiKey,
    });
    processes.push(process);
    await process.listening();
    const accepting = await startTestApplication({
      database,
      options: {
        ...{ role: 'accept', replies: { rules: false } },
        api: { apiKey: postack.apiKey, baseUrl: postack.url },
      },
    });
    await accepting.application.get(Outbox).enqueue({
      ...{ from: '+15550109999', to: '+15552000001', text: 'Hello', category: 'reply' },
      idempotencyKey: 'retried',
    });
    await accepting.close();
    // Stored by hand: a machine with such a clock refuses the signatures of Postack.
    await database.query(
      `INSERT INTO postack.inbox_event
         (endpoint, svix_id, type, status, occurred_at, body, secret_fingerprint, clock_skew_ms)
       VALUES ('default', 'failing', 'message.received', 'pending', now(), $1, 'abcdef01', 0)`,
      [Buffer.from(JSON.stringify(conversationBody(1, 1)))],
    );
    const dead = async () => {
      const rows = await database!.query(`SELECT 1 FROM postack.delivery WHERE status = 'dead'`);
      return rows.length > 0 || undefined;
    };
    await waitUntil(dead, { what: () => 'the dead letter', timeoutMs: 30_000 });
    const calls = await database.query<{ attempt: number; at: string }>(
      `SELECT attempt, called_at_ms AS at FROM reliability_call ORDER BY attempt`,
    );
    expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    // 500 ms, a fifth more or less; how much later it is depends on the load of the machine.
    const delays = calls.slice(1).map(({ at }, index) => Number(at) - Number(calls[index]!.at));
    for (const delay of delays) expect(delay).toBeGreaterThanOrEqual(390);

    const message = () =>
      database!.query<{ attempts: number; delay: number }>(
        `SELECT attempts, extract(epoch FROM not_before - clock_timestamp())::float8 * 1000 AS delay
         FROM postack.outbox_message WHERE last_error IS NOT NULL`,
      );
    const [held] = await waitUntil(
      async () => {
        const rows = await message();
        return rows.length > 0 ? rows : undefined;
      },
      { what: () => 'the first failure of the message', timeoutMs: 30_000 },
    );
    await postack.api.up();
    // Some seconds from now, whatever the machine takes for now.
    expect(held!.delay).toBeGreaterThan(0);
    expect(held!.delay).toBeLessThan(60_000);
    await waitUntil(() => postack!.messages.length > 0 || undefined, {
      what: () => 'the message at Postack',
      timeoutMs: 30_000,
    });
  },
  60_000,
);
