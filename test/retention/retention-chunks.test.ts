import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { PostackDatabase } from '../../src/database/postack-database.js';
import { Retention, UndecidedEvents } from '../../src/index.js';
import { JobsOptions } from '../../src/jobs/jobs.options.js';
import { Shutdown } from '../../src/jobs/shutdown.js';
import { RetentionOptions } from '../../src/retention/retention.options.js';
import { RetentionChunks } from '../../src/retention/retention-chunks.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';
import { storeOldEvents, stored } from './old-events.js';

const DAYS = { payloadDays: 30, eventDays: 90 };

describe('RetentionChunks', () => {
  let database: TestDatabase;
  let dataSources: DataSource[];
  const retentionOn = (dataSource: DataSource | undefined) => {
    const postack = new PostackDatabase(dataSource!);
    const undecided = new UndecidedEvents(postack);
    return new Retention(new RetentionOptions(), new Shutdown(new JobsOptions()), undecided, postack);
  };

  beforeEach(async () => {
    database = await createTestDatabase();
    // One after the other: the first one migrates.
    dataSources = [await openDataSource(database.url), await openDataSource(database.url)];
  });
  afterEach(async () => {
    await Promise.all(dataSources.map((dataSource) => dataSource.destroy()));
    await database.drop();
  });

  it('are bounded, and cover everything', async () => {
    await storeOldEvents(database, 250, 31);
    await storeOldEvents(database, 50, 91);
    await storeOldEvents(database, 10, 29);
    const chunks = new RetentionChunks(new PostackDatabase(dataSources[0]!), DAYS, 100);
    await expect(chunks.take('payloads')).resolves.toEqual({
      payloadsRemoved: 50,
      eventsRemoved: 50,
      hasMore: true,
    });
    await expect(stored(database)).resolves.toMatchObject({ events: 260, bodies: 210, outcomes: 260 });
    await expect(chunks.take('payloads')).resolves.toEqual({
      payloadsRemoved: 100,
      eventsRemoved: 0,
      hasMore: true,
    });
    await expect(chunks.take('payloads')).resolves.toEqual({
      payloadsRemoved: 100,
      eventsRemoved: 0,
      hasMore: true,
    });
    await expect(chunks.take('payloads')).resolves.toEqual({
      payloadsRemoved: 0,
      eventsRemoved: 0,
      hasMore: false,
    });
    await expect(stored(database)).resolves.toEqual({ events: 260, bodies: 10, outcomes: 260, leftovers: 0 });
  });

  it('go round what was left over, however often it is left over again', async () => {
    await storeOldEvents(database, 250, 31);
    await database.query(`UPDATE postack.delivery SET status = 'dead'`);
    const chunks = new RetentionChunks(new PostackDatabase(dataSources[0]!), DAYS, 100);
    while ((await chunks.take('payloads')).hasMore);
    await expect(stored(database)).resolves.toMatchObject({ bodies: 250, leftovers: 250 });
    await chunks.take('leftovers');
    await database.query(`UPDATE postack.delivery SET status = 'discarded'`);
    const removed: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) removed.push((await chunks.take('leftovers')).payloadsRemoved);
    // The first hundred were checked before they were settled: they are due again in the next round.
    expect(removed).toEqual([100, 50, 100]);
    await expect(stored(database)).resolves.toMatchObject({ bodies: 0, leftovers: 0 });
  });

  it('are shared by processes that run at once: each event is removed by one of them', async () => {
    await storeOldEvents(database, 1200, 31);
    await storeOldEvents(database, 1200, 91);
    const reports = await Promise.all(dataSources.map((dataSource) => retentionOn(dataSource).run()));
    const sum = (what: 'payloadsRemoved' | 'eventsRemoved') =>
      reports.reduce((total, report) => total + report[what], 0);
    expect([sum('payloadsRemoved'), sum('eventsRemoved')]).toEqual([1200, 1200]);
    expect(reports.map(({ isComplete }) => isComplete)).toEqual([true, true]);
    await expect(stored(database)).resolves.toEqual({
      events: 1200,
      bodies: 0,
      outcomes: 1200,
      leftovers: 0,
    });
  });

  it('end a run early when its signal is aborted, and the next run continues from there', async () => {
    await storeOldEvents(database, 3000, 31);
    const stop = new AbortController();
    const retention = retentionOn(dataSources[0]);
    const run = retention.run(stop.signal);
    stop.abort();
    const first = await run;
    expect(first.isComplete).toBe(false);
    expect(first.payloadsRemoved).toBeLessThan(3000);
    const second = await retention.run();
    expect(second).toEqual({
      payloadsRemoved: 3000 - first.payloadsRemoved,
      eventsRemoved: 0,
      undecided: 0,
      isComplete: true,
    });
  });

  it('let a stopping application wait for the one under way only', async () => {
    await storeOldEvents(database, 3000, 31);
    const retention = retentionOn(dataSources[0]);
    const run = retention.run();
    await retention.onModuleDestroy();
    const { payloadsRemoved, isComplete } = await run;
    expect(isComplete).toBe(false);
    await expect(stored(database)).resolves.toMatchObject({ bodies: 3000 - payloadsRemoved });
    await expect(retention.run()).resolves.toMatchObject({ payloadsRemoved: 0, isComplete: false });
  });
});
