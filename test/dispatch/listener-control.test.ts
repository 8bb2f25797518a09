import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  type AnyPostackEvent,
  HandlerNotFoundError,
  InvalidPauseError,
  ListenerControl,
  type MessageReceivedEvent,
  OnPostackEvent,
  UnknownPostackEvent,
} from '../../src/index.js';
import { waitForEvent, waitForListener } from '../../src/testing/index.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';
import { waitUntil } from '../support/wait-until.js';

@Injectable()
class Listeners {
  readonly paused: string[] = [];
  readonly others: string[] = [];
  isBroken = true;

  @OnPostackEvent(['message.sent', UnknownPostackEvent], { name: 'paused', concurrency: 3 })
  onSent({ id }: AnyPostackEvent): void {
    this.paused.push(id);
  }

  @OnPostackEvent('message.sent', { name: 'other' })
  onOther({ id }: AnyPostackEvent): void {
    this.others.push(id);
  }

  @OnPostackEvent('message.received', {
    name: 'ordered',
    ordered: 'conversation',
    retry: { attempts: 500, firstDelayMs: 50, maxDelayMs: 50 },
  })
  onReceived({ text }: MessageReceivedEvent): void {
    if (text === 'stuck' && this.isBroken) throw new Error('not now');
  }

  @OnPostackEvent('message.failed', { name: 'hopeless', retry: { attempts: 1 } })
  onFailed(): never {
    throw new Error('never');
  }
}

describe('ListenerControl', () => {
  let app: TestApplication;
  let control: ListenerControl;

  beforeAll(async () => {
    app = await startTestApplication({ providers: [Listeners] });
    control = app.application.get(ListenerControl);
  });
  afterAll(() => app.close());

  it('reports listeners with their subscriptions and settings', async () => {
    const report = await control.report();
    expect(report.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      'listener failures.react',
      'listener failures.warn',
      'listener hopeless',
      'projection messages',
      'projection opt-outs',
      'listener ordered',
      'listener other',
      'listener paused',
    ]);
    expect(report.find(({ name }) => name === 'paused')).toEqual({
      declaredAt: expect.any(Date),
      oldestPendingSeconds: null,
      workers: [expect.any(String)],
      name: 'paused',
      kind: 'listener',
      subscriptions: ['message.sent', 'unknown'],
      settings: {
        retry: { attempts: 23, firstDelayMs: 10_000, maxDelayMs: 21_600_000 },
        concurrency: 3,
        timeoutMs: 30_000,
        transactional: false,
        ordered: null,
        batchSize: null,
      },
      paused: null,
      counts: { pending: 0, running: 0, retrying: 0, dead: 0 },
      blockedGroups: [],
    });
    expect(await control.find('missing')).toBeNull();
  });

  it('pauses one listener in all processes, and delivers the queued events when it is resumed', async () => {
    const { paused, others } = app.application.get(Listeners);
    const accepting = await startTestApplication({
      database: app.database,
      providers: [Listeners],
      options: { role: 'accept' },
    });
    try {
      const elsewhere = accepting.application.get(ListenerControl);
      await elsewhere.pause('paused', 'CRM migration');
      expect((await control.find('paused'))?.paused).toEqual({
        since: expect.any(Date),
        reason: 'CRM migration',
      });
      // Events stay queued only once the working process has noticed the pause.
      await waitUntil(
        async () => {
          const { id } = await accepting.post(messageBody('message.sent'));
          await waitForListener(app.application, id, 'other', 'done');
          return (await elsewhere.find('paused'))!.counts.pending >= 2 || undefined;
        },
        { what: () => 'the pause to be noticed', everyMs: 200 },
      );
      const { id: next } = await accepting.post(messageBody('message.sent'));
      await waitForListener(app.application, next, 'other', 'done');
      expect(paused).not.toContain(next);
      expect(others).toContain(next);
      expect(await waitForEvent(app.application, next, () => true)).toMatchObject({ status: 'pending' });

      const since = (await control.find('paused'))?.paused?.since;
      await control.pause('paused');
      expect((await control.find('paused'))?.paused).toEqual({ since, reason: null });

      await elsewhere.resume('paused');
      await waitUntil(() => paused.length === others.length || undefined, {
        what: () => `${paused.length} of ${others.length} events`,
      });
      expect(paused.slice().sort()).toEqual(others.slice().sort());
      expect((await control.find('paused'))?.paused).toBeNull();
      await control.resume('paused');
    } finally {
      await accepting.close();
    }
  });

  it('pauses only listeners', async () => {
    await expect(control.pause('messages')).rejects.toThrow(InvalidPauseError);
    await expect(control.pause('missing')).rejects.toThrow(HandlerNotFoundError);
    await expect(control.resume('missing')).rejects.toThrow(HandlerNotFoundError);
    // Paused by an earlier version of the application.
    await app.database.query(`INSERT INTO postack.listener_pause (listener) VALUES ('gone')`);
    await control.resume('gone');
    await expect(control.resume('gone')).rejects.toThrow(HandlerNotFoundError);
  });

  it('counts dead letters', async () => {
    const { id } = await app.post(messageBody('message.failed'));
    await waitForListener(app.application, id, 'hopeless', 'dead');
    expect((await control.find('hopeless'))?.counts).toMatchObject({ retrying: 0, dead: 1 });
  });

  it('reports blocked conversations with the number of events behind them', async () => {
    const listeners = app.application.get(Listeners);
    const { id: stuck } = await app.post(messageBody('message.received', { text: 'stuck' }));
    const behind = [
      await app.post(messageBody('message.received')),
      await app.post(messageBody('message.received')),
    ];
    const { id: otherGroup } = await app.post(messageBody('message.received', { from: '+15550109999' }));
    await waitForListener(app.application, otherGroup, 'ordered', 'done');
    const state = await waitUntil(
      async () => {
        const found = await control.find('ordered');
        const isBlocked = found?.blockedGroups.some((group) => group.waiting === 2 && group.attempts >= 3);
        // During an attempt, the delivery is not retrying.
        return isBlocked && found?.counts.retrying === 1 ? found : undefined;
      },
      { what: () => 'a blocked conversation' },
    );
    expect(state.counts).toMatchObject({ retrying: 1, dead: 0 });
    expect(state.blockedGroups).toEqual([
      {
        eventId: stuck,
        attempts: expect.any(Number),
        since: expect.any(Date),
        nextAttemptAt: expect.any(Date),
        waiting: 2,
      },
    ]);
    expect(state.blockedGroups[0]!.attempts).toBeGreaterThanOrEqual(3);
    listeners.isBroken = false;
    for (const { id } of behind) await waitForListener(app.application, id, 'ordered', 'done');
    expect((await control.find('ordered'))?.blockedGroups).toEqual([]);
  });
});
