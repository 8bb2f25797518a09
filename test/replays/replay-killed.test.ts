import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { OnPostackEvent, Replays } from '../../src/index.js';
import { waitForEvent } from '../../src/testing/index.js';
import { ListenerApps } from '../support/listener-apps.js';
import { messageBody, startTestApplication } from '../support/test-application.js';
import { createTestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';

/** For a process that only accepts: registered, but never called. */
@Injectable()
class Only {
  @OnPostackEvent('*', { name: 'only' })
  onAny(): never {
    throw new Error('called in a process that only accepts');
  }
}

@Injectable()
class Working {
  @OnPostackEvent('*', { name: 'only' })
  onAny(): void {
    // Succeeds.
  }
}

const EVENTS = 60;

const apps = new ListenerApps();
afterEach(() => apps.clear());

describe('ReplayRunner', () => {
  it('continues a replay of a killed process within 30 seconds, where it was', async () => {
    const database = await createTestDatabase();
    const accepting = await startTestApplication({
      database,
      providers: [Only],
      options: { role: 'accept' },
    });
    const { application } = accepting;
    const replays = application.get(Replays);
    const first = await apps.start(database.url);
    const posts = await Promise.all(
      Array.from({ length: EVENTS }, () => accepting.post(messageBody('message.received'))),
    );
    expect(posts.map(({ status }) => status)).toEqual(posts.map(() => 204));
    for (const { id } of posts) await waitForEvent(application, id, ({ status }) => status === 'done');

    const { replayId } = await replays.replay({ ratePerSecond: 10 });
    const scheduled = async () => (await replays.find(replayId!))!.scheduled;
    await waitUntil(async () => (await scheduled()) >= 10 || undefined, { what: () => 'a part of it' });
    const second = await apps.start(database.url);
    await first.kill();
    const atKill = await scheduled();
    expect(atKill).toBeLessThan(EVENTS);
    await waitUntil(async () => (await scheduled()) > atKill || undefined, {
      what: () => `more than ${atKill} by the other process`,
      timeoutMs: 30_000,
    });

    await waitUntil(async () => (await replays.find(replayId!))?.state === 'done' || undefined, {
      what: () => 'the end of the replay',
      timeoutMs: 30_000,
    });
    // None is missing, and none was counted twice.
    expect(await scheduled()).toBe(EVENTS);
    for (const { id } of posts) {
      const { listeners } = await waitForEvent(application, id, ({ status }) => status === 'done', {
        timeoutMs: 30_000,
      });
      expect(listeners).toMatchObject([{ name: 'only', reason: 'replay' }]);
    }
    const rows = await database.query('SELECT FROM postack.delivery WHERE generation = 1');
    expect(rows).toHaveLength(EVENTS);
    expect(second.lines.filter((line) => line.startsWith('called')).length).toBeGreaterThan(0);

    await apps.clear();
    await accepting.close();
    await database.drop();
  }, 120_000);

  it('gives back the replay at once when its process stops', async () => {
    const database = await createTestDatabase();
    const first = await startTestApplication({ database, providers: [Working] });
    const second = await startTestApplication({
      database,
      providers: [Working],
      options: { role: 'accept' },
    });
    const posts = await Promise.all(
      Array.from({ length: EVENTS }, () => second.post(messageBody('message.received'))),
    );
    for (const { id } of posts) {
      await waitForEvent(first.application, id, ({ status }) => status === 'done');
    }
    const replays = second.application.get(Replays);
    const { replayId } = await replays.replay({ ratePerSecond: 10 });
    await waitUntil(async () => (await replays.find(replayId!))!.scheduled > 0 || undefined, {
      what: () => 'the beginning of the replay',
    });
    await first.close();
    const jobs = await database.query(`SELECT state FROM postack_jobs.job WHERE name = 'replays'`);
    expect(jobs).toEqual([{ state: 'retry' }]);
    await expect(replays.find(replayId!)).resolves.toMatchObject({ state: 'running', error: null });

    const third = await startTestApplication({ database, providers: [Working] });
    await waitUntil(async () => (await replays.find(replayId!))?.state === 'done' || undefined, {
      what: () => 'the end of the replay',
      timeoutMs: 30_000,
    });
    await expect(replays.find(replayId!)).resolves.toMatchObject({ scheduled: EVENTS });
    await third.close();
    await second.close();
    await database.drop();
  }, 60_000);
});
