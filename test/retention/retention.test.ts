import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Client } from 'pg';
import {
  EventQueries,
  MessageReceivedEvent,
  OnPostackEvent,
  Retention,
  UndecidedEvents,
} from '../../src/index.js';
import { waitForEvent } from '../../src/testing/index.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';
import { age, stored } from './old-events.js';

@Injectable()
class Listener {
  @OnPostackEvent(MessageReceivedEvent, { name: 'listener' })
  onReceived(): void {}
}

describe('Retention', () => {
  let app: TestApplication;
  let retention: Retention;
  const find = (id: string) => app.application.get(EventQueries, { strict: false }).find(id);
  const settle = (id: string) => waitForEvent(app.application, id);

  /** An event that was received so many days ago, and is done. */
  async function oldEvent(days: number, body: unknown = messageBody('message.received')): Promise<string> {
    const { id } = await app.post(body);
    await settle(id);
    await age(app.database, id, days);
    return id;
  }

  beforeAll(async () => {
    app = await startTestApplication({ providers: [Listener] });
    retention = app.application.get(Retention, { strict: false });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await app.database.query(
      'TRUNCATE postack.delivery, postack.inbox_event, postack.retention_progress, postack.retention_leftover',
    );
  });

  it('removes the body after 30 days, and keeps what else is known of the event', async () => {
    const old = await oldEvent(31);
    const younger = await oldEvent(29);
    await expect(retention.run()).resolves.toEqual({
      payloadsRemoved: 1,
      eventsRemoved: 0,
      undecided: 0,
      isComplete: true,
    });
    await expect(find(old)).resolves.toMatchObject({
      payload: null,
      isBodyRemoved: true,
      status: 'done',
      listeners: [{ name: 'listener', status: 'done' }],
    });
    await expect(find(younger)).resolves.toMatchObject({ isBodyRemoved: false });
  });

  it('still knows the id of an event without body: what is sent again is a duplicate', async () => {
    const body = messageBody('message.received');
    const id = await oldEvent(89, body);
    await retention.run();
    const again = await app.post(body, { id });
    expect(again.headers.get('postack-receipt')).toBe('duplicate');
    await expect(find(id)).resolves.toMatchObject({ isBodyRemoved: true });
  });

  it('removes an event completely after 90 days, with its outcomes', async () => {
    const old = await oldEvent(91);
    const younger = await oldEvent(89);
    await expect(retention.run()).resolves.toEqual({
      payloadsRemoved: 1,
      eventsRemoved: 1,
      undecided: 0,
      isComplete: true,
    });
    await expect(find(old)).resolves.toBeNull();
    await expect(find(younger)).resolves.not.toBeNull();
    await expect(stored(app.database)).resolves.toEqual({ events: 1, bodies: 0, outcomes: 1, leftovers: 0 });
  });

  it('removes what it once took the body of, when its time has come', async () => {
    const id = await oldEvent(31);
    await retention.run();
    await age(app.database, id, 91);
    await expect(retention.run()).resolves.toMatchObject({ payloadsRemoved: 0, eventsRemoved: 1 });
    await expect(stored(app.database)).resolves.toEqual({ events: 0, bodies: 0, outcomes: 0, leftovers: 0 });
  });

  it('keeps what is unhandled or quarantined until an operator decides, and says how many', async () => {
    const undecided = app.application.get(UndecidedEvents, { strict: false });
    const unhandled = await oldEvent(91, { type: 'number.released', data: {} });
    const quarantined = await oldEvent(31, 'no event');
    expect(await undecided.count()).toEqual({ quarantined: 1, unhandled: 1 });
    await expect(retention.run()).resolves.toMatchObject({
      payloadsRemoved: 0,
      eventsRemoved: 0,
      undecided: 2,
    });

    const since = new Date(Date.now() - 32 * 86_400_000);
    expect(await undecided.discard({ since, reason: 'a test', dryRun: true })).toEqual({
      matched: 1,
      discarded: 0,
    });
    expect(await undecided.discard({ status: 'unhandled', since, reason: 'a test' })).toMatchObject({
      matched: 0,
    });
    await expect(undecided.discard({ reason: ' ' })).rejects.toThrow('"reason" must be a text');
    expect(await undecided.discard({ reason: ' a test ' })).toEqual({ matched: 2, discarded: 2 });
    await expect(find(quarantined)).resolves.toMatchObject({
      ...{ status: 'done', quarantineReason: expect.any(String), discardReason: 'a test' },
    });
    await expect(retention.run()).resolves.toMatchObject({
      payloadsRemoved: 1,
      eventsRemoved: 1,
      undecided: 0,
    });
    await expect(find(quarantined)).resolves.toMatchObject({ isBodyRemoved: true });
    await expect(find(unhandled)).resolves.toBeNull();
  });

  it.each([
    ['about to be handled', `UPDATE postack.delivery SET status = 'pending'`],
    ['retrying', `UPDATE postack.delivery SET status = 'retrying'`],
    ['dead', `UPDATE postack.delivery SET status = 'dead'`],
    ['running', `UPDATE postack.delivery SET status = 'running'`],
    [
      'not handled by everybody yet',
      `INSERT INTO postack.delivery (event_id, handler, status, attempts)
       SELECT id, 'another', 'pending', 0 FROM postack.inbox_event`,
    ],
  ])(
    'leaves an event alone as long as it is %s, and removes it once it is settled',
    async (_state, unsettle) => {
      const ids = [await oldEvent(31), await oldEvent(91)];
      await app.database.query(unsettle);
      for (let run = 0; run < 2; run += 1) {
        await expect(retention.run()).resolves.toEqual({
          payloadsRemoved: 0,
          eventsRemoved: 0,
          undecided: 0,
          isComplete: true,
        });
        await expect(stored(app.database)).resolves.toMatchObject({ events: 2, bodies: 2, leftovers: 2 });
      }

      await app.database.query(`UPDATE postack.delivery SET status = 'discarded'`);
      await expect(retention.run()).resolves.toEqual({
        payloadsRemoved: 1,
        eventsRemoved: 1,
        undecided: 0,
        isComplete: true,
      });
      await expect(find(ids[0]!)).resolves.toMatchObject({ isBodyRemoved: true });
      await expect(find(ids[1]!)).resolves.toBeNull();
      await expect(stored(app.database)).resolves.toMatchObject({ events: 1, leftovers: 0 });
    },
  );

  it('leaves an unhandled event alone that is being delivered after a backfill', async () => {
    const id = await oldEvent(31, { type: 'number.released', data: {} });
    await app.database.query(
      `INSERT INTO postack.delivery (event_id, handler, status, attempts, reason)
       SELECT id, 'listener', 'pending', 0, 'backfill' FROM postack.inbox_event`,
    );
    await retention.run();
    await expect(find(id)).resolves.toMatchObject({ isBodyRemoved: false });
  });

  it('skips an event that is locked, and checks it again later', async () => {
    await oldEvent(31);
    const other = new Client({ connectionString: app.database.url });
    await other.connect();
    try {
      await other.query('BEGIN');
      await other.query('SELECT FROM postack.inbox_event FOR KEY SHARE');
      await expect(retention.run()).resolves.toMatchObject({ payloadsRemoved: 0, isComplete: true });
      await other.query('COMMIT');
      await expect(retention.run()).resolves.toMatchObject({ payloadsRemoved: 1, isComplete: true });
    } finally {
      await other.end();
    }
  });

  it('does not check events again that an earlier run has finished', async () => {
    const id = await oldEvent(31);
    await retention.run();
    await app.database.query(`UPDATE postack.inbox_event SET body = 'put back by hand'`);
    await oldEvent(30.5);
    await expect(retention.run()).resolves.toMatchObject({ payloadsRemoved: 1 });
    await expect(find(id)).resolves.toMatchObject({ isBodyRemoved: false });
  });
});

describe('retention of what is not dispatched yet', () => {
  it('has to wait', async () => {
    const app = await startTestApplication({ options: { role: 'accept' } });
    try {
      const { id } = await app.post(messageBody('message.received'));
      await age(app.database, id, 91);
      const report = await app.application.get(Retention, { strict: false }).run();
      expect(report).toMatchObject({ payloadsRemoved: 0, eventsRemoved: 0, isComplete: true });
      await expect(stored(app.database)).resolves.toMatchObject({ events: 1, bodies: 1, leftovers: 1 });
    } finally {
      await app.close();
    }
  });
});

describe('without retention', () => {
  it('everything is kept', async () => {
    const app = await startTestApplication({ providers: [Listener], options: { retention: false } });
    try {
      const { id } = await app.post(messageBody('message.received'));
      await waitForEvent(app.application, id);
      await age(app.database, id, 4000);
      const report = await app.application.get(Retention, { strict: false }).run();
      expect(report).toMatchObject({ payloadsRemoved: 0, eventsRemoved: 0, isComplete: true });
      await expect(stored(app.database)).resolves.toMatchObject({ events: 1, bodies: 1, outcomes: 1 });
    } finally {
      await app.close();
    }
  });
});
