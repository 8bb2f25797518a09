import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type AnyPostackEvent, MessageSentEvent, PostackProjection } from '../../src/index.js';
import { waitForEvent } from '../../src/testing/index.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';

/** The batch of four events, then each event alone. */
const SET_ASIDE_CALLS = 5;

@Injectable()
class Counting {
  readonly batches: number[] = [];
  fixed = false;
  /** Holds back the worker's retry of the event that was set aside. */
  seen = Promise.resolve();

  @PostackProjection(MessageSentEvent, { name: 'counting', retry: { firstDelayMs: 1000, maxDelayMs: 1000 } })
  async count(events: readonly MessageSentEvent[], manager: EntityManager): Promise<void> {
    this.batches.push(events.length);
    if (this.batches.length > SET_ASIDE_CALLS) await this.seen;
    for (const { text, id } of events) {
      await manager.query('INSERT INTO counted (event_id) VALUES ($1)', [id]);
      // Fails in PostgreSQL: only the savepoint keeps the transaction usable.
      if (text === 'sql poison' && !this.fixed) await manager.query('SELECT 1 / 0');
      if (text === 'poison' && !this.fixed) throw new Error('cannot process this one');
    }
  }

  @PostackProjection('*', { name: 'second' })
  async note(events: readonly AnyPostackEvent[], manager: EntityManager): Promise<void> {
    for (const { id } of events) await manager.query('INSERT INTO noted (event_id) VALUES ($1)', [id]);
  }
}

describe('ProjectionRunner', () => {
  let app: TestApplication;

  beforeAll(async () => {
    app = await startTestApplication({ providers: [Counting] });
    await createTables(app.database);
  });
  afterAll(() => app.close());

  it('passes events in batches', async () => {
    const { batches } = app.application.get(Counting);
    const posts = await Promise.all(Array.from({ length: 100 }, () => app.post(messageBody('message.sent'))));
    for (const { id } of posts) await waitForEvent(app.application, id, isDone);
    expect((await idsIn('counted', app.database)).sort()).toEqual(posts.map(({ id }) => id).sort());
    expect(batches.length).toBeLessThan(100);
  });

  it.each(['poison', 'sql poison'])(
    'sets a %s event aside, keeps the rest of its batch, and retries it later, exactly once',
    async (text) => {
      // Stored while no process dispatches, so that they form one batch.
      const database = await createTestDatabase();
      await createTables(database);
      const accepting = await startTestApplication({ database, options: { role: 'accept' } });
      const posts = [];
      for (const one of ['fine', text, 'fine', 'fine']) {
        posts.push(await accepting.post(messageBody('message.sent', { text: one })));
      }
      await accepting.close();
      const working = await startTestApplication({
        database,
        providers: [Counting],
        options: { role: 'work' },
      });
      try {
        const counting = working.application.get(Counting);
        const { promise, resolve: markSeen } = Promise.withResolvers<undefined>();
        counting.seen = promise;
        const poisoned = posts[1]!.id;
        const event = await waitForEvent(
          working.application,
          poisoned,
          ({ status }) => status === 'retrying',
        );
        expect(event.projections).toEqual(
          expect.arrayContaining([
            // The second attempt may have begun: it waits below.
            expect.objectContaining({
              name: 'counting',
              status: expect.stringMatching(/^(retrying|running)$/),
              attempts: 1,
            }),
            expect.objectContaining({ name: 'second', status: 'done' }),
            expect.objectContaining({ name: 'messages', status: 'done' }),
          ]),
        );
        markSeen(undefined);
        expect(counting.batches.slice(0, 5)).toEqual([4, 1, 1, 1, 1]);
        const others = posts.map(({ id }) => id).filter((id) => id !== poisoned);
        for (const id of others) await waitForEvent(working.application, id, isDone);
        expect((await idsIn('counted', database)).sort()).toEqual(others.sort());

        counting.fixed = true;
        const settled = await waitForEvent(working.application, poisoned, isDone, { timeoutMs: 25_000 });
        expect(settled.projections.find(({ name }) => name === 'counting')).toMatchObject({ status: 'done' });
        const all = posts.map(({ id }) => id).sort();
        expect((await idsIn('counted', database)).sort()).toEqual(all);
        expect((await idsIn('noted', database)).sort()).toEqual(all);
      } finally {
        await working.close();
        await database.drop();
      }
    },
  );
});

@Injectable()
class Hanging {
  calls = 0;

  @PostackProjection(MessageSentEvent, { name: 'hanging' })
  async project(): Promise<void> {
    this.calls += 1;
    if (this.calls <= 5) await new Promise(() => undefined);
  }
}

describe('DispatchBatch', () => {
  describe('with a projection that hangs', () => {
    it('rolls back the transaction, releases its connection, and calls the projection again', async () => {
      const app = await startTestApplication({
        providers: [Hanging],
        poolSize: 4,
        options: { dispatchTimeoutMs: 100 },
      });
      try {
        const { id } = await app.post(messageBody('message.sent'));
        // It hangs more often than there are connections in the pool. On a slow machine the call that ends may be too late, too.
        await waitForEvent(app.application, id, isDone);
        expect(app.application.get(Hanging).calls).toBeGreaterThanOrEqual(6);
      } finally {
        await app.close();
      }
    });
  });
});

const isDone = ({ status }: { status: string }) => status === 'done';

async function createTables(database: TestDatabase): Promise<void> {
  await database.query('CREATE TABLE counted (event_id text)');
  await database.query('CREATE TABLE noted (event_id text)');
}

async function idsIn(table: string, database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ event_id: string }>(`SELECT event_id FROM ${table}`);
  return rows.map((row) => row.event_id);
}
