import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { PostackDeliveryLedger1795910400000 } from '../../migrations/1795910400000-delivery-ledger.js';
import { postackMigrations } from '../../migrations/index.js';
import { OnPostackEvent, postackEntities, type ListenerContext, type PostackEvent } from '../../src/index.js';
import { startTestApplication } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { migrated } from './migrated.js';

/** Each with a delivery to `crm`, and each second one with one to the ordered `notes`. */
const EVENTS = 7000;

@Injectable()
class Listeners {
  readonly calls: string[] = [];
  readonly attempts = new Map<string, number>();

  @OnPostackEvent('*', { name: 'crm' })
  crm({ id }: PostackEvent, { attempt }: ListenerContext): void {
    this.calls.push(`crm ${id}`);
    this.attempts.set(id, attempt);
  }

  @OnPostackEvent('*', { name: 'notes', ordered: 'conversation' })
  notes({ id }: PostackEvent): void {
    this.calls.push(`notes ${id}`);
  }
}

/** What is stored about a delivery of event number n before the migration, and whether it is called after. */
const STATES = [
  { what: 'only a job', outcome: null, isCalled: true },
  { what: 'pending after a redrive', outcome: `'pending', 0, 1, NULL`, isCalled: true },
  { what: 'retrying, due', outcome: `'retrying', 2, 0, now()`, isCalled: true },
  { what: 'done', outcome: `'done', 1, 0, NULL`, isCalled: false },
  { what: 'dead', outcome: `'dead', 23, 0, NULL`, isCalled: false },
  { what: 'discarded', outcome: `'discarded', 23, 0, NULL`, isCalled: false },
  { what: 'retrying, not due', outcome: `'retrying', 5, 0, now() + interval '1 day'`, isCalled: false },
];

let database: TestDatabase | undefined;
afterEach(() => database?.drop());

function versionBefore(url: string): Promise<DataSource> {
  const index = postackMigrations.indexOf(PostackDeliveryLedger1795910400000);
  return migrated(url, postackMigrations.slice(0, index));
}

describe('PostackDeliveryLedger1795910400000', () => {
  it('carries over 10,500 deliveries of every state: none is lost, and none that was done is repeated', async () => {
    database = await createTestDatabase({ isEmpty: true });
    const before = await versionBefore(database.url);
    await database.query(
      `INSERT INTO postack.inbox_event (endpoint, svix_id, type, status, occurred_at, body, secret_fingerprint,
         clock_skew_ms, dispatched_at, projections, listeners)
       SELECT 'default', 'msg_' || n, 'message.received', 'dispatched', now() - make_interval(secs => 100000 - n),
         convert_to(json_build_object('type', 'message.received', 'data', json_build_object('id', 'SM' || n,
           'from', '+1555' || (1000000 + n % 500), 'to', '+15550100002', 'text', 'Hi'))::text, 'UTF8'),
         'abcdef01', 0, now(), '{messages}', CASE WHEN n % 2 = 0 THEN '{crm,notes}' ELSE '{crm}' END::text[]
       FROM generate_series(1, $1) AS n`,
      [EVENTS],
    );
    for (const [index, { outcome }] of STATES.entries()) {
      if (outcome === null) continue;
      await database.query(
        `INSERT INTO postack.handler_outcome (event_id, handler, status, attempts, delivery, next_attempt_at)
         SELECT id, 'crm', ${outcome} FROM postack.inbox_event WHERE id % ${STATES.length} = ${index}`,
      );
    }
    // Of an ordered listener each event had an outcome from the start.
    await database.query(
      `INSERT INTO postack.handler_outcome (event_id, handler, status, attempts, order_key)
       SELECT id, 'notes', 'pending', 0, 'group ' || id % 500 FROM postack.inbox_event WHERE id % 2 = 0`,
    );
    await before.destroy();

    const migrated = new DataSource({
      ...{ type: 'postgres', url: database.url, entities: postackEntities() },
      migrations: [...postackMigrations],
    });
    await migrated.initialize();
    await migrated.runMigrations();
    await migrated.destroy();
    const app = await startTestApplication({ database, providers: [Listeners] });
    try {
      const numbers = Array.from({ length: EVENTS }, (_, index) => index + 1);
      const isCalled = (number: number) => STATES[number % STATES.length]!.isCalled;
      const expected = [
        ...numbers.filter(isCalled).map((number) => `crm msg_${number}`),
        ...numbers.filter((number) => number % 2 === 0).map((number) => `notes msg_${number}`),
      ];
      const { calls, attempts } = app.application.get(Listeners);
      await waitUntil(() => calls.length >= expected.length || undefined, {
        what: () => `${expected.length} calls; there were ${calls.length}`,
        timeoutMs: 60_000,
      });
      expect(calls.toSorted()).toEqual(expected.toSorted());
      // Attempts go on where they were.
      expect(attempts.get('msg_2')).toBe(3);
      // Each conversation in order.
      const last = new Map<number, number>();
      for (const call of calls.filter((one) => one.startsWith('notes'))) {
        const number = Number(call.replace('notes msg_', ''));
        expect(number).toBeGreaterThan(last.get(number % 500) ?? 0);
        last.set(number % 500, number);
      }
      await waitUntil(
        async () => {
          const open = await database!.query(
            `SELECT 1 FROM postack.delivery WHERE status NOT IN ('done', 'dead', 'discarded')
               AND NOT (status = 'retrying' AND run_at > now())`,
          );
          return open.length === 0 || undefined;
        },
        { what: () => 'all to be settled' },
      );
      const counts = await database.query(
        `SELECT status, count(*)::int AS count FROM postack.delivery GROUP BY status ORDER BY status`,
      );
      expect(counts).toEqual([
        { status: 'dead', count: 1000 },
        { status: 'discarded', count: 1000 },
        { status: 'done', count: 4000 + 3500 },
        { status: 'retrying', count: 1000 },
      ]);
    } finally {
      await app.close();
    }
  }, 120_000);
});
