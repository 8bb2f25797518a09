import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Client } from 'pg';
import { MessageSentEvent, PostackProjection, WebhookCounters } from '../../src/index.js';
import { waitForEvent } from '../../src/testing/index.js';
import {
  ADAPTERS,
  messageBody,
  startTestApplication,
  type TestApplication,
  type TestApplicationOptions,
} from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { expectUnavailable, postUntilAccepted, storedCount } from './delivery.js';
import { TcpProxy } from './tcp-proxy.js';

/** Runs when a batch has locked all that it will. */
@Injectable()
class Silencer {
  silence: (() => void) | undefined;

  @PostackProjection(MessageSentEvent, { name: 'silencer' })
  project(): Promise<void> {
    this.silence?.();
    this.silence = undefined;
    return Promise.resolve();
  }
}

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let one = undo.pop(); one; one = undo.pop()) await one();
});

async function start(setup: TestApplicationOptions): Promise<TestApplication> {
  const app = await startTestApplication(setup);
  undo.push(() => app.close());
  return app;
}

const event = () => messageBody('message.received');

/** Ends every connection to the database but its own. */
function cutConnections(database: TestDatabase): Promise<unknown> {
  return database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
}

/** An application that reaches its database through a proxy, which is closed first. */
async function startBehindProxy(setup: TestApplicationOptions) {
  const database = await createTestDatabase();
  undo.push(() => database.drop());
  const proxy = await TcpProxy.start(() => Number(new URL(database.url).port));
  const url = new URL(database.url);
  url.port = String(proxy.port);
  const app = await start({ ...setup, database: { ...database, url: url.href } });
  // Closes what is silent, so that closing the application waits for nothing.
  undo.push(() => proxy.stop());
  return { app, proxy, database };
}

/** Holds a lock that every INSERT into the inbox waits for; the returned function lets go of it. */
async function lockInbox({ database }: TestApplication): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('BEGIN');
  await client.query('LOCK TABLE postack.inbox_event IN ACCESS EXCLUSIVE MODE');
  let isHeld = true;
  const release = async () => {
    if (isHeld) await client.end();
    isHeld = false;
  };
  undo.push(release);
  return release;
}

/** Until so many INSERTs wait for that lock. */
async function waitForInserts({ database }: TestApplication, count: number): Promise<void> {
  const look = async () => {
    const rows = await database.query(
      `SELECT 1 FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO%inbox_event%'`,
    );
    return rows.length >= count || undefined;
  };
  await waitUntil(look, { what: () => `${count} INSERTs that wait for the lock` });
}

describe('WebhookController', () => {
  describe.each(ADAPTERS)('while the inbox hangs, on %s', (adapter) => {
    it('webhooks are answered 503 in time, and 204 again afterwards', async () => {
      const app = await start({ adapter, options: { commitTimeoutMs: 300 } });
      const release = await lockInbox(app);
      const startMs = Date.now();
      const ids = ['msg_hang_1', 'msg_hang_2', 'msg_hang_3', 'msg_hang_4'];
      for (const response of await Promise.all(ids.map((id) => app.post(event(), { id })))) {
        await expectUnavailable(response);
      }
      await expectUnavailable(await app.post(event(), { id: ids[0] }));
      expect(Date.now() - startMs).toBeLessThan(15_000);
      await release();

      await Promise.all(ids.map((id) => postUntilAccepted(app, id, event())));
      expect(await storedCount(app, ids)).toBe(ids.length);
      await Promise.all(ids.map((id) => waitForEvent(app.application, id)));
    });

    it('webhooks beyond those that may wait are answered 503 at once, and the waiting ones 204 in the end', async () => {
      const app = await start({ adapter, options: { maxPendingWrites: 1, commitTimeoutMs: 60_000 } });
      const release = await lockInbox(app);
      // One after the other, so that each is a commit of its own: two are under way at once, the third waits.
      const first = app.post(event());
      await waitForInserts(app, 1);
      const second = app.post(event());
      await waitForInserts(app, 2);
      const [third, fourth] = [app.post(event()), app.post(event())];
      const refused = await Promise.race([third, fourth]);
      await expectUnavailable(refused);
      expect(app.application.get(WebhookCounters).snapshot().overloaded).toBe(1);
      await release();

      const answers = await Promise.all([first, second, third, fourth]);
      expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 204, 204, 503]);
      expect(
        await storedCount(
          app,
          answers.map(({ id }) => id),
        ),
      ).toBe(3);
      expect(await storedCount(app, [refused.id])).toBe(0);
    });
  });

  describe('when all connections are cut while webhooks come in', () => {
    it('each is answered 204 or 503, and after 204 it is stored, once', async () => {
      const app = await start({});
      const ids = Array.from({ length: 150 }, (_, index) => `msg_cut_${index}`);
      const statuses: number[] = [];
      for (let first = 0; first < ids.length; first += 30) {
        const deliveries = ids.slice(first, first + 30).map((id) => postUntilAccepted(app, id, event()));
        for (let round = 0; round < 3; round += 1) await cutConnections(app.database);
        statuses.push(...(await Promise.all(deliveries)).flat());
      }
      expect(statuses.filter((status) => status !== 204 && status !== 503)).toEqual([]);
      expect(await storedCount(app, ids)).toBe(ids.length);
      for (const id of ids) expect(await waitForEvent(app.application, id)).toMatchObject({ status: 'done' });
    }, 60_000);
  });

  describe('when a connection is cut in the very moment in which it is made', () => {
    it('the process lives on, and webhooks are accepted', async () => {
      const { app, proxy, database } = await startBehindProxy({});
      expect((await app.post(event())).status).toBe(204);
      const cut = new Promise((resolve) => {
        proxy.cutNextConnection(() => cutConnections(database).then(resolve));
      });
      await cutConnections(database);
      await cut;
      await postUntilAccepted(app, 'msg_after', event());
      await waitForEvent(app.application, 'msg_after');
    });
  });

  describe('when the connections to PostgreSQL fall silent without being closed', () => {
    it('webhooks are answered 503 in time, soon 204 again, and dispatched, on new connections', async () => {
      const { app, proxy, database } = await startBehindProxy({
        options: { commitTimeoutMs: 300, dispatchTimeoutMs: 1000 },
      });
      // Several connections in the pool, as after any traffic.
      const before = Array.from({ length: 4 }, (_, index) => `msg_before_${index}`);
      await Promise.all(before.map((id) => postUntilAccepted(app, id, event())));

      proxy.silenceConnections();
      const ids = ['msg_silent_1', 'msg_silent_2', 'msg_silent_3'];
      const startMs = Date.now();
      await expectUnavailable(await app.post(event(), { id: 'msg_silent' }));
      expect(Date.now() - startMs).toBeLessThan(15_000);
      for (const id of ids) await postUntilAccepted(app, id, event(), 8000);
      expect(await storedCount(app, ids)).toBe(ids.length);
      // Asked directly: a query of the application may meet a silent connection, and fails after ten seconds then.
      const waiting = () =>
        database.query(
          `SELECT FROM postack.inbox_event e WHERE svix_id = ANY ($1) AND (status = 'pending' OR EXISTS (
             SELECT FROM postack.delivery d WHERE d.event_id = e.id AND d.status <> 'done'))`,
          [ids],
        );
      await waitUntil(async () => (await waiting()).length === 0 || undefined, {
        what: () => 'the dispatch',
      });
    });

    it('in the middle of a batch, what that has locked is free again soon', async () => {
      const { app, proxy } = await startBehindProxy({
        providers: [Silencer],
        options: { commitTimeoutMs: 300, dispatchTimeoutMs: 1000 },
      });
      const told = (type: string) => messageBody(type, { id: 'SM_silent' });
      const isSilent = new Promise<void>((resolve) => {
        app.application.get(Silencer).silence = () => {
          proxy.silenceConnections();
          resolve();
        };
      });
      await app.post(told('message.sent'), { id: 'msg_in_the_middle' });
      await isSilent;
      await postUntilAccepted(app, 'msg_same_message', told('message.delivered'), 8000);
      // Both are about one row, which the batch that fell silent has locked.
      for (const id of ['msg_in_the_middle', 'msg_same_message']) {
        await waitForEvent(app.application, id, ({ status }) => status === 'done', { timeoutMs: 20_000 });
      }
    });
  });
});
