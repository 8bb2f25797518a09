import { afterEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { signWebhook } from '../../src/testing/index.js';
import { ServiceProcesses } from '../support/service-process.js';
import { messageBody, TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase, openDataSource } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { createCallTable, handledTwice, missingInTheEnd, NOTHING_MISSING } from './books.js';
import { Fleet } from './fleet.js';
import { Load } from './load.js';
import { Random, seedOfRun } from './random.js';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let one = undo.pop(); one; one = undo.pop()) await one();
}, 60_000);

async function startDatabase() {
  const database = await createTestDatabase();
  undo.push(() => database.drop());
  return database;
}

describe('SIGTERM', () => {
  it('lets the running listeners of a busy process finish; nothing is lost or handled twice', async () => {
    const database = await startDatabase();
    await (await openDataSource(database.url)).destroy();
    await createCallTable(database);
    const fleet = new Fleet(database.url, ['busy', 'fast']);
    undo.push(() => fleet.stop());
    await fleet.start(['all', 'all']);
    const random = new Random(seedOfRun());
    const load = new Load({ targets: fleet.targets, perSecond: 16, random, prefix: 'stop_' }).start();
    undo.push(() => load.stop());

    const [victim] = fleet.processes;
    const running = async () => {
      const rows = await database.query<{ running: number }>(
        `SELECT (count(*) FILTER (WHERE outcome = 'started') - count(*) FILTER (WHERE outcome = 'done'))::int AS running
         FROM reliability_call WHERE listener = 'busy' AND pid = $1`,
        [victim!.pid],
      );
      return rows[0]!.running;
    };
    await waitUntil(async () => (await running()) >= 4 || undefined, { what: () => 'listeners at work' });
    expect(await fleet.terminate(victim!)).toBe(0);
    expect(await running()).toBe(0);
    await load.acknowledges(20);
    await load.stop();

    const left = await missingInTheEnd(database, load.acknowledged, ['busy', 'fast'], 30_000);
    expect(left).toEqual(NOTHING_MISSING);
    expect(await handledTwice(database)).toBe(0);
    const [most] = await database.query('SELECT max(attempt) AS attempt FROM reliability_call');
    expect(most).toEqual({ attempt: 1 });
    expect(fleet.unexpectedEnds).toEqual([]);
  }, 60_000);

  it('makes the service not ready at once, and ends it with 0 when its work is done', async () => {
    const database = await startDatabase();
    const processes = new ServiceProcesses();
    undo.push(() => processes.clear());
    const service = processes.start(await processes.directory(), {
      DATABASE_URL: database.url,
      POSTACK_WEBHOOK_SECRET: TEST_SECRET,
      POSTACK_ADMIN_KEY: 'a-long-enough-admin-key',
    });
    const { origin, webhookUrl } = await service.banner();
    const ready = async () => (await fetch(`${origin}/health/ready`)).status;
    expect(await ready()).toBe(200);

    // The event cannot be dispatched, and so the two built-in listeners are not done.
    const lock = new Client({ connectionString: database.url });
    await lock.connect();
    undo.push(() => lock.end());
    await lock.query('BEGIN');
    await lock.query('LOCK TABLE postack.delivery IN EXCLUSIVE MODE');
    const { id, headers, body } = signWebhook({
      secret: TEST_SECRET,
      body: messageBody('message.undelivered'),
    });
    expect((await fetch(webhookUrl, { method: 'POST', headers, body })).status).toBe(204);
    await waitUntil(
      async () => {
        const waiting = await database.query(
          `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'postack.delivery'::regclass`,
        );
        return waiting.length > 0 || undefined;
      },
      { what: () => 'the dispatch to wait for the lock' },
    );

    service.kill('SIGTERM');
    await waitUntil(async () => (await ready()) === 503 || undefined, {
      what: () => 'readiness to be false',
    });
    await lock.query('ROLLBACK');
    expect(await service.exit).toBe(0);
    const outcomes = await database.query(
      `SELECT outcome.handler, outcome.status, outcome.attempts FROM postack.delivery AS outcome
       JOIN postack.inbox_event AS event ON event.id = outcome.event_id WHERE event.svix_id = $1
       ORDER BY outcome.handler`,
      [id],
    );
    expect(outcomes).toEqual([
      { handler: 'failures.react', status: 'done', attempts: 1 },
      { handler: 'failures.warn', status: 'done', attempts: 1 },
    ]);
  }, 60_000);
});
