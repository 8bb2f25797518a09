import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Client } from 'pg';
import { MessageSentEvent, OnPostackEvent } from '../../src/index.js';
import { Shutdown } from '../../src/jobs/shutdown.js';
import { messageBody, startTestApplication } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { type JobProcess, JobProcesses } from './job-process.js';

interface Work {
  text: string;
}

describe('Workers', () => {
  let database: TestDatabase;
  let processes: JobProcesses;

  const states = async () => {
    const rows = await database.query<{ state: string }>(
      `SELECT state FROM postack_jobs.job WHERE name = 'work'`,
    );
    return rows.map(({ state }) => state);
  };
  const handlerIn = (peer: JobProcess, handler: (text: string) => unknown) => {
    const queue = peer.workers.queue<Work>('work', { retryLimit: 5, retryDelay: 0 });
    queue.process(
      async ({ data }) => {
        await handler(data.text);
      },
      { pollSeconds: 0.5 },
    );
    return queue;
  };
  /** Enqueues a job from a process of its own. */
  async function send(text: string): Promise<void> {
    const peer = await processes.make({ role: 'accept' });
    const queue = peer.workers.queue<Work>('work', { retryLimit: 5, retryDelay: 0 });
    await peer.database.transaction((manager) => queue.send({ text }, { manager }));
  }

  beforeEach(async () => {
    database = await createTestDatabase();
    processes = new JobProcesses(database);
  });
  afterEach(async () => {
    await processes.clear();
    await database.drop();
  });

  it('runs nothing in a process that only accepts, and does not connect before a job is enqueued', async () => {
    const done: string[] = [];
    const accepting = await processes.make({ role: 'accept' });
    const queue = handlerIn(accepting, (text) => done.push(`${text} by the accepting one`));
    accepting.workers.schedule({
      name: 'schedule',
      title: 'A scheduled job',
      cron: '* * * * *',
      nextRun: 'in 1 minute',
      expireInSeconds: 60,
      run: () => Promise.reject(new Error('runs')),
      logger: 'Test',
    });
    await accepting.workers.onApplicationBootstrap();
    await expect(processes.connections()).resolves.toBe(0);
    await accepting.database.transaction((manager) => queue.send({ text: 'job' }, { manager }));
    await expect(accepting.jobs.boss.getSchedules()).resolves.toEqual([]);

    const working = await processes.make({ role: 'work' });
    handlerIn(working, (text) => done.push(`${text} by the working one`));
    await working.workers.onApplicationBootstrap();
    await waitUntil(() => done.at(0), { what: () => 'the job' });
    expect(done).toEqual(['job by the working one']);
  });

  it('does not start without one of its queues, and leaves no connection when it is stopped', async () => {
    const peer = await processes.make();
    peer.workers.queue('good', {}).process(() => Promise.resolve());
    peer.workers.queue('bad', { deadLetter: 'missing' }).process(() => Promise.resolve());
    await expect(peer.workers.onApplicationBootstrap()).rejects.toThrow('missing');
    await peer.workers.beforeApplicationShutdown();
    await expect(processes.connections()).resolves.toBe(0);
  });

  describe('a start that fails', () => {
    it('can be repeated, and leaves no connection', async () => {
      const peer = await processes.make({ role: 'accept' });
      const server = new Client({ connectionString: process.env['TEST_POSTGRES_URL'] });
      await server.connect();
      const name = new URL(database.url).pathname.slice(1);
      const allow = (isAllowed: boolean) =>
        server.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${isAllowed}`);
      await allow(false);
      await expect(peer.jobs.start()).rejects.toThrow('not currently accepting connections');
      await allow(true);
      await server.end();
      await expect(processes.connections()).resolves.toBe(0);
      await expect(peer.jobs.start()).resolves.toBeUndefined();
    });
  });

  describe('at the shutdown', () => {
    it('waits for running jobs', async () => {
      const peer = await processes.make();
      const running = Promise.withResolvers<undefined>();
      const finish = Promise.withResolvers<undefined>();
      handlerIn(peer, async () => {
        running.resolve(undefined);
        await finish.promise;
      });
      await peer.workers.onApplicationBootstrap();
      await send('job');
      await running.promise;
      peer.shutdown.signal.addEventListener('abort', () => {
        finish.resolve(undefined);
      });
      await peer.workers.beforeApplicationShutdown();
      await expect(states()).resolves.toEqual(['completed']);
    });

    it.each([2000, 0])('ends after %i ms, and gives a job back that does not', async (shutdownTimeoutMs) => {
      const stopping = await processes.make({ shutdownTimeoutMs });
      const running = Promise.withResolvers<undefined>();
      handlerIn(stopping, () => {
        running.resolve(undefined);
        return new Promise(() => undefined);
      });
      await stopping.workers.onApplicationBootstrap();
      await send('job');
      await running.promise;
      await stopping.workers.beforeApplicationShutdown();
      if (shutdownTimeoutMs > 0) await expect(states()).resolves.toEqual(['retry']);

      const next = await processes.make();
      const taken = Promise.withResolvers<string>();
      handlerIn(next, (text) => {
        taken.resolve(text);
      });
      await next.workers.onApplicationBootstrap();
      await expect(taken.promise).resolves.toBe('job');
    });

    it('fetches no more jobs from its beginning on, also while other features still stop', async () => {
      const stopping = await processes.make();
      const done: string[] = [];
      handlerIn(stopping, () => done.push('the stopping one'));
      await stopping.workers.onApplicationBootstrap();
      void stopping.shutdown.begin();
      await send('job');
      const other = await processes.make();
      handlerIn(other, () => done.push('the other one'));
      await other.workers.onApplicationBootstrap();
      await waitUntil(() => done.at(0), { what: () => 'the job' });
      expect(done).toEqual(['the other one']);
    });

    it('connects no more', async () => {
      const peer = await processes.make({ role: 'accept' });
      void peer.shutdown.begin();
      const queue = peer.workers.queue<Work>('work', {});
      await expect(queue.prepare()).rejects.toThrow('the process is shutting down');
      await expect(processes.connections()).resolves.toBe(0);
    });

    it('comes after the dispatcher: a running listener can still record its outcome', async () => {
      const running = Promise.withResolvers<undefined>();
      const finish = Promise.withResolvers<undefined>();
      @Injectable()
      class Slow {
        @OnPostackEvent(MessageSentEvent, { name: 'slow' })
        async onSent(): Promise<void> {
          running.resolve(undefined);
          await finish.promise;
        }
      }
      const app = await startTestApplication({ database, providers: [Slow] });
      await app.post(messageBody('message.sent'));
      await running.promise;
      const { signal } = app.application.get(Shutdown, { strict: false });
      signal.addEventListener('abort', () => {
        finish.resolve(undefined);
      });
      await app.close();
      await expect(
        database.query(`SELECT status FROM postack.delivery WHERE handler = 'slow'`),
      ).resolves.toEqual([{ status: 'done' }]);
      await expect(
        database.query(`SELECT name FROM postack_jobs.job WHERE name = 'listener.slow'`),
      ).resolves.toEqual([]);
    });

    it('shares one time limit with all features: listeners, jobs and what else never ends', async () => {
      const running = Promise.withResolvers<undefined>();
      const end = Promise.withResolvers<undefined>();
      @Injectable()
      class Endless {
        @OnPostackEvent(MessageSentEvent, { name: 'endless' })
        async onSent(): Promise<void> {
          running.resolve(undefined);
          await end.promise;
        }
      }
      const app = await startTestApplication({
        database,
        providers: [Endless],
        options: { shutdownTimeoutMs: 1000 },
      });
      await app.post(messageBody('message.sent'));
      await running.promise;
      const shutdown = app.application.get(Shutdown, { strict: false });
      const order: string[] = [];
      const closed = app.close().then(() => order.push('closed'));
      await shutdown.begin();
      order.push('deadline');
      await closed;
      expect(order).toEqual(['deadline', 'closed']);
      expect(shutdown.remainingMs).toBe(0);
      end.resolve(undefined);
    });
  });
});
