import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Schedule } from '../../src/jobs/scheduled-job.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { type JobProcess, JobProcesses } from './job-process.js';

describe('ScheduledJob', () => {
  let database: TestDatabase;
  let processes: JobProcesses;
  let logger: RecordingLogger;

  async function start(schedule: Partial<Schedule> = {}): Promise<JobProcess> {
    const peer = await processes.make();
    peer.workers.schedule({
      name: 'sweep',
      title: 'The sweep',
      cron: '30 4 * * *',
      nextRun: 'in 1 day',
      expireInSeconds: 60,
      run: () => Promise.resolve(),
      logger: 'Test',
      ...schedule,
    });
    await peer.workers.onApplicationBootstrap();
    return peer;
  }
  /** The state of the job that `send` has made, once it has one of the states that do not change any more. */
  const finalState = (id: string | null) =>
    waitUntil(
      async () => {
        const [job] = await database.query<{ state: string }>(
          `SELECT state FROM postack_jobs.job WHERE id = $1 AND state IN ('completed', 'failed')`,
          [id],
        );
        return job?.state;
      },
      { what: () => 'the end of the job' },
    );

  beforeEach(async () => {
    database = await createTestDatabase();
    processes = new JobProcesses(database);
    logger = new RecordingLogger();
    Logger.overrideLogger(logger);
  });
  afterEach(async () => {
    await processes.clear();
    await database.drop();
  });

  it('runs when pg-boss enqueues its job, with a signal', async () => {
    const signals: unknown[] = [];
    const { jobs } = await start({ run: (signal) => Promise.resolve(signals.push(signal)) });
    await expect(jobs.boss.getSchedules('sweep')).resolves.toMatchObject([
      { name: 'sweep', cron: '30 4 * * *', timezone: 'UTC' },
    ]);
    await expect(finalState(await jobs.boss.send('sweep'))).resolves.toBe('completed');
    expect(signals).toEqual([expect.any(AbortSignal)]);
  });

  it('logs a run that fails, and does not retry it', async () => {
    let runs = 0;
    const { jobs } = await start({
      run: () => {
        runs += 1;
        return Promise.reject(new Error('no room'));
      },
    });
    await expect(finalState(await jobs.boss.send('sweep'))).resolves.toBe('failed');
    expect(runs).toBe(1);
    expect(logger.lines).toEqual([
      expect.stringMatching(/^The sweep failed; next run in 1 day: Error: no room\b/),
    ]);
  });

  it('has one job waiting or running, in all processes', async () => {
    const running = Promise.withResolvers<undefined>();
    const finish = Promise.withResolvers<undefined>();
    const run = async () => {
      running.resolve(undefined);
      await finish.promise;
    };
    const [one, other] = [await start({ run }), await start({ run })];
    const id = await one.jobs.boss.send('sweep');
    await running.promise;
    await expect(other.jobs.boss.send('sweep')).resolves.toBeNull();
    finish.resolve(undefined);
    await expect(finalState(id)).resolves.toBe('completed');
    await expect(other.jobs.boss.send('sweep')).resolves.toEqual(expect.any(String));
  });

  it('is removed by a process that has it disabled', async () => {
    const { jobs } = await start();
    await expect(jobs.boss.getSchedules('sweep')).resolves.toHaveLength(1);
    await start({ isEnabled: false });
    await expect(jobs.boss.getSchedules('sweep')).resolves.toEqual([]);
  });

  it('is brought to another time by a newer version', async () => {
    const { jobs } = await start();
    await start({ cron: '0 5 * * *' });
    await expect(jobs.boss.getSchedules('sweep')).resolves.toMatchObject([{ cron: '0 5 * * *' }]);
  });
});
