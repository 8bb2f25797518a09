import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { waitForEvent } from '../../src/testing/index.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Longer than any test, so that polling finds nothing. */
const NEVER_MS = 600_000;

describe('Dispatcher', () => {
  let database: TestDatabase;
  let apps: TestApplication[];

  const start = async (options: { role?: 'accept' | 'work'; pollIntervalMs: number }) => {
    const app = await startTestApplication({ database, options });
    apps.push(app);
    return app;
  };
  const isDone = ({ status }: { status: string }) => status === 'done';

  beforeEach(async () => {
    database = await createTestDatabase({ isEmpty: true });
    apps = [];
  });
  afterEach(async () => {
    for (const app of apps) await app.close();
    await database.drop();
  });

  it('is woken by a commit of its own process', async () => {
    const app = await start({ pollIntervalMs: NEVER_MS });
    const { id } = await app.post(messageBody('message.sent'));
    await waitForEvent(app.application, id, isDone);
  });

  it('is woken by NOTIFY from a process that only accepts', async () => {
    const accepting = await start({ role: 'accept', pollIntervalMs: NEVER_MS });
    const working = await start({ role: 'work', pollIntervalMs: NEVER_MS });
    for (let round = 0; round < 3; round += 1) {
      const { id } = await accepting.post(messageBody('message.sent'));
      await waitForEvent(working.application, id, isDone);
    }
  });

  it('finds an event without notification by polling', async () => {
    const app = await start({ pollIntervalMs: 100 });
    const { id } = await app.post(messageBody('message.sent'));
    await waitForEvent(app.application, id, isDone);
    // Simulates that its process died before dispatching it.
    await database.query(`UPDATE postack.inbox_event SET status = 'pending', dispatched_at = NULL`);
    const event = await waitForEvent(app.application, id, isDone);
    expect(event.dispatchedAt).not.toBeNull();
  });

  it('does not run in a process that only accepts', async () => {
    const accepting = await start({ role: 'accept', pollIntervalMs: 50 });
    const { id } = await accepting.post(messageBody('message.sent'));
    const event = await waitForEvent(accepting.application, id, () => true);
    expect(event).toMatchObject({ status: 'pending', dispatchedAt: null });
    const tables = await database.query(`SELECT 1 FROM pg_namespace WHERE nspname = 'postack_jobs'`);
    expect(tables).toEqual([]);
  });
});
