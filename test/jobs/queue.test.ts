import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JobHandler, Queue, QueueSettings } from '../../src/jobs/queue.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { type JobProcess, JobProcesses } from './job-process.js';

interface Work {
  text: string;
}

describe('Queue', () => {
  let database: TestDatabase;
  let processes: JobProcesses;
  let done: string[];

  const record: JobHandler<Work> = ({ data }) => {
    done.push(data.text);
    return Promise.resolve();
  };
  const allAreDone = (count: number) =>
    waitUntil(() => (done.length >= count ? true : undefined), { what: () => `${count} jobs` });
  const jobs = () =>
    database.query<{ state: string; retry_count: number }>(
      `SELECT state, retry_count FROM postack_jobs.job WHERE name = 'work'`,
    );

  /** A process that only enqueues. */
  async function sender(settings: QueueSettings = {}): Promise<[JobProcess, Queue<Work>]> {
    const peer = await processes.make({ role: 'accept' });
    return [peer, peer.workers.queue<Work>('work', settings)];
  }
  async function startWorker(handler = record, settings: QueueSettings = {}): Promise<JobProcess> {
    const peer = await processes.make();
    peer.workers.queue<Work>('work', settings).process(handler, { pollSeconds: 0.5 });
    await peer.workers.onApplicationBootstrap();
    return peer;
  }

  beforeEach(async () => {
    database = await createTestDatabase();
    processes = new JobProcesses(database);
    done = [];
  });
  afterEach(async () => {
    await processes.clear();
    await database.drop();
  });

  it('enqueues jobs when the transaction commits', async () => {
    const [peer, queue] = await sender();
    await queue.prepare();
    const rolledBack = peer.database.transaction(async (manager) => {
      await queue.send({ text: 'rolled back' }, { manager });
      throw new Error('undone');
    });
    await expect(rolledBack).rejects.toThrow('undone');
    await peer.database.transaction(async (manager) => {
      await queue.send({ text: 'one' }, { manager });
      await queue.sendAll([{ text: 'two' }, { text: 'three' }], { manager });
      await expect(jobs()).resolves.toEqual([]);
    });
    await expect(jobs()).resolves.toHaveLength(3);
    await startWorker();
    await allAreDone(3);
    expect([...done].sort()).toEqual(['one', 'three', 'two']);
  });

  it('keeps jobs of a process that has stopped', async () => {
    const [peer, queue] = await sender();
    await peer.database.transaction((manager) => queue.send({ text: 'kept' }, { manager }));
    await processes.clear();
    await startWorker();
    await allAreDone(1);
    expect(done).toEqual(['kept']);
  });

  it('retries a job until its handler succeeds, and no longer than the settings say', async () => {
    const settings = { retryLimit: 3, retryDelay: 0 };
    const attempts: string[] = [];
    await startWorker(async (job) => {
      attempts.push(`${job.data.text} ${job.retryCount}`);
      if (job.data.text === 'never' || job.retryCount < 2) throw new Error('not yet');
      await record(job);
    }, settings);
    const [peer, queue] = await sender(settings);
    await peer.database.transaction((manager) =>
      queue.sendAll([{ text: 'third' }, { text: 'never' }], { manager }),
    );
    await allAreDone(1);
    await waitUntil(async () => ((await jobs()).some(({ state }) => state === 'failed') ? true : undefined), {
      what: () => attempts.join(),
    });
    expect([...attempts].sort()).toEqual(
      ['third 0', 'third 1', 'third 2', 'never 0', 'never 1', 'never 2', 'never 3'].sort(),
    );
    expect(done).toEqual(['third']);
  });

  it('does not process a job before its time', async () => {
    const [peer, queue] = await sender();
    const later = new Date(Date.now() + 3_600_000);
    await peer.database.transaction(async (manager) => {
      await queue.send({ text: 'later' }, { manager, startAfter: later });
      await queue.send({ text: 'now' }, { manager, startAfter: null });
    });
    await startWorker();
    await allAreDone(1);
    expect(done).toEqual(['now']);
    await expect(
      database.query(`SELECT start_after FROM postack_jobs.job WHERE name = 'work' AND state = 'created'`),
    ).resolves.toEqual([{ start_after: later }]);
  });

  it('processes as many jobs at once as the options say', async () => {
    const both = Promise.withResolvers<undefined>();
    const peer = await processes.make();
    peer.workers.queue<Work>('work', {}).process(
      async (job) => {
        await record(job);
        if (done.length === 2) both.resolve(undefined);
        // If processed one at a time, the first job would wait forever.
        await both.promise;
      },
      { concurrency: 2, pollSeconds: 0.5 },
    );
    await peer.workers.onApplicationBootstrap();
    const [from, queue] = await sender();
    await from.database.transaction((manager) => queue.sendAll([{ text: 'a' }, { text: 'b' }], { manager }));
    await both.promise;
    expect([...done].sort()).toEqual(['a', 'b']);
  });

  it('is woken by NOTIFY, without waiting for the next poll', async () => {
    const settings = { notify: true };
    const peer = await processes.make();
    const queue = peer.workers.queue<Work>('work', settings);
    queue.process(record, { pollSeconds: 3600, pollSecondsWithNotify: 3600 });
    await peer.workers.onApplicationBootstrap();
    const [from, same] = await sender(settings);
    for (const text of ['first', 'second']) {
      await from.database.transaction((manager) => same.send({ text }, { manager }));
      await waitUntil(() => (done.includes(text) ? true : undefined), { what: () => text });
    }
  });

  describe('sendOnce', () => {
    const settings = { policy: 'stately' } as const;

    it('lets one job with a key wait, and one more while one is running', async () => {
      const [peer, queue] = await sender(settings);
      const send = (text: string, key = 'key') =>
        peer.database.transaction((manager) => queue.sendOnce(key, { text }, { manager }));
      await send('first');
      await send('ignored');
      await send('other key', 'another');
      await expect(jobs()).resolves.toHaveLength(2);

      const running = Promise.withResolvers<undefined>();
      const finish = Promise.withResolvers<undefined>();
      await startWorker(async (job) => {
        if (job.data.text === 'first') {
          running.resolve(undefined);
          await finish.promise;
        }
        await record(job);
      }, settings);
      await running.promise;
      await send('while running');
      await send('ignored, too');
      finish.resolve(undefined);
      await allAreDone(3);
      expect([...done].sort()).toEqual(['first', 'other key', 'while running']);
      await expect(jobs()).resolves.toHaveLength(3);
    });
  });

  describe('prepare', () => {
    it('brings an existing queue to the settings of today', async () => {
      const [, old] = await sender({ retryLimit: 1 });
      await old.prepare();
      const [peer, queue] = await sender({ retryLimit: 7, heartbeatSeconds: 30 });
      await queue.prepare();
      await expect(peer.jobs.boss.getQueue('work')).resolves.toMatchObject({
        retryLimit: 7,
        heartbeatSeconds: 30,
        policy: 'standard',
      });
    });

    it('can be called by several at once, and again after it has failed', async () => {
      const [peer, queue] = await sender({ deadLetter: 'missing' });
      await expect(Promise.all([queue.prepare(), queue.prepare()])).rejects.toThrow('missing');
      await peer.jobs.boss.createQueue('missing');
      await expect(Promise.all([queue.prepare(), queue.prepare()])).resolves.toBeDefined();
    });
  });
});
