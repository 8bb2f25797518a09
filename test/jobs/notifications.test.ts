import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { NOTIFY_INBOX, type Notification } from '../../src/jobs/notifications.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { type JobProcess, JobProcesses } from './job-process.js';

describe('Notifications', () => {
  let database: TestDatabase;
  let processes: JobProcesses;
  let one: JobProcess;
  let other: JobProcess;
  let heardByOne: Notification[];
  let heardByOther: Notification[];
  let subscriptions: { close(): Promise<void> }[];

  /** Notifications arrive in the order of the commits: when these have, all before them have. */
  async function allArrived(): Promise<void> {
    await one.database.transaction((manager) => one.notifications.pauses(manager));
    for (const heard of [heardByOne, heardByOther]) {
      await waitUntil(() => (heard.at(-1)?.kind === 'pauses' ? true : undefined), {
        what: () => 'the last notification',
      });
      heard.pop();
    }
  }

  beforeEach(async () => {
    database = await createTestDatabase();
    processes = new JobProcesses(database);
    [one, other] = [await processes.make(), await processes.make()];
    [heardByOne, heardByOther] = [[], []];
    subscriptions = [];
    for (const [peer, heard] of [
      [one, heardByOne],
      [other, heardByOther],
    ] as const) {
      await peer.jobs.start();
      subscriptions.push(await peer.notifications.subscribe((notification) => heard.push(notification)));
      // Some may have been missed before the connection was there.
      await waitUntil(() => heard.at(0), { what: () => 'the connection' });
      expect(heard.splice(0)).toEqual([{ kind: 'inbox' }]);
    }
  });
  afterEach(async () => {
    await Promise.all(subscriptions.map((subscription) => subscription.close()));
    await processes.clear();
    await database.drop();
  });

  it('have JSON as their payload, and are sent at the commit', async () => {
    const payloads: unknown[] = [];
    const client = new Client({ connectionString: database.url });
    await client.connect();
    client.on('notification', ({ payload }) => payloads.push(JSON.parse(payload ?? '')));
    await client.query('LISTEN postack_inbox');
    try {
      await one.database.transaction(async (manager) => {
        await one.notifications.deliveries(['crm', 'billing'], manager);
        await manager.query(`SELECT ${NOTIFY_INBOX}`);
        await one.notifications.pauses(manager);
        await client.query('SELECT 1');
        expect(payloads).toEqual([]);
      });
      await waitUntil(() => (payloads.length === 3 ? true : undefined), { what: () => 'notifications' });
      expect(payloads).toEqual([
        { kind: 'deliveries', handlers: ['crm', 'billing'] },
        { kind: 'inbox' },
        { kind: 'pauses' },
      ]);
    } finally {
      await client.end();
    }
  });

  it('reach every process', async () => {
    await one.database.transaction(async (manager) => {
      await one.notifications.deliveries(['crm'], manager);
      await manager.query(`SELECT ${NOTIFY_INBOX}`);
    });
    await allArrived();
    const expected = [{ kind: 'deliveries', handlers: ['crm'] }, { kind: 'inbox' }];
    expect(heardByOne).toEqual(expected);
    expect(heardByOther).toEqual(expected);
  });

  it('are ignored by their sender when they are for other processes', async () => {
    await one.database.transaction((manager) =>
      one.notifications.deliveries(['crm'], manager, { elsewhereOnly: true }),
    );
    await allArrived();
    expect(heardByOne).toEqual([]);
    expect(heardByOther).toEqual([{ kind: 'deliveries', handlers: ['crm'] }]);
  });

  it.each([
    '',
    'lanes - crm',
    'control',
    'null',
    '7',
    '{"kind":"of a later version"}',
    '{"kind":"deliveries"}',
    '{"kind":"deliveries","handlers":"crm"}',
  ])('have the process look for new events when their payload is %j', async (payload) => {
    await database.query('SELECT pg_notify($1, $2)', ['postack_inbox', payload]);
    await allArrived();
    expect(heardByOne).toEqual([{ kind: 'inbox' }]);
    expect(heardByOther).toEqual([{ kind: 'inbox' }]);
  });

  it('name all handlers when the list is too long for NOTIFY', async () => {
    // 2 bytes for each character: the limit is of bytes.
    const handlers = Array.from({ length: 50 }, (_, index) => `${'ü'.repeat(76)}.${index}`);
    await one.database.transaction((manager) =>
      one.notifications.deliveries(handlers, manager, { elsewhereOnly: true }),
    );
    await one.database.transaction((manager) => one.notifications.deliveries(handlers.slice(0, 40), manager));
    await allArrived();
    expect(heardByOther).toEqual([
      { kind: 'deliveries', handlers: ['*'] },
      { kind: 'deliveries', handlers: handlers.slice(0, 40) },
    ]);
    expect(heardByOne).toHaveLength(1);
  });

  it('may have been missed when the connection was lost: then the process looks for new events', async () => {
    await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND query ILIKE 'LISTEN%'`,
    );
    for (const heard of [heardByOne, heardByOther]) {
      await waitUntil(() => heard.at(0), { what: () => 'the connection to be made again' });
      expect(heard).toEqual([{ kind: 'inbox' }]);
    }
    await allArrived();
  });
});
