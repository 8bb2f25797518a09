import { afterEach, expect, it } from '@jest/globals';
import { TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { createCallTable } from './books.js';
import { HostProcess } from './host-process.js';
import { conversationBody } from './posting.js';

const HOUR_MS = 3_600_000;

const processes: HostProcess[] = [];
let database: TestDatabase | undefined;
afterEach(async () => {
  for (const process of processes.splice(0)) {
    process.kill('SIGKILL');
    await process.exit;
  }
  await database?.drop();
}, 30_000);

it.each([
  ['right', 0],
  ['an hour ahead', HOUR_MS],
  ['an hour behind', -HOUR_MS],
])(
  'retries by the clock of PostgreSQL when that of the machine is %s',
  async (_clock, offsetMs) => {
    database = await createTestDatabase();
    await createCallTable(database);
    const process = new HostProcess({
      DATABASE_URL: database.url,
      SECRET: TEST_SECRET,
      LISTENERS: 'fails',
      CLOCK_OFFSET_MS: String(offsetMs),
    });
    processes.push(process);
    await process.listening();
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
  },
  60_000,
);
