import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  type ListenerContext,
  MessageReceivedEvent,
  type MessageDeliveredEvent,
  type MessageQueuedEvent,
  type MessageSentEvent,
  OnPostackEvent,
  PermanentError,
} from '../../src/index.js';
import { waitForListener } from '../../src/testing/index.js';
import { createTestDatabase } from '../support/test-database.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';
import { waitUntil } from '../support/wait-until.js';

const FIRST = new Date('2026-11-01T10:00:00Z').getTime();

/** Records the calls of its listeners, in order. */
@Injectable()
class Conversations {
  readonly log: string[] = [];
  readonly running = new Map<string, number>();
  overlaps = 0;
  isBroken = true;

  @OnPostackEvent(MessageReceivedEvent, {
    name: 'conversations',
    ordered: 'conversation',
    retry: { attempts: 50, firstDelayMs: 200, maxDelayMs: 200 },
  })
  async onReceived({ text, from, to }: MessageReceivedEvent, { attempt }: ListenerContext): Promise<void> {
    const conversation = [from, to].sort().join();
    if (this.running.has(conversation)) this.overlaps += 1;
    this.running.set(conversation, attempt);
    await new Promise((resolve) => setImmediate(resolve));
    this.running.delete(conversation);
    this.log.push(text ?? '');
    if (text === 'stuck' && this.isBroken) throw new Error('not now');
    if (text === 'hopeless') throw new PermanentError('never');
  }

  @OnPostackEvent(['message.queued', 'message.sent', 'message.delivered'], {
    name: 'messages-in-order',
    ordered: 'message',
  })
  onState(event: MessageQueuedEvent | MessageSentEvent | MessageDeliveredEvent): void {
    this.log.push(`${event.messageId} ${event.type}`);
  }
}

/** The n-th message of a conversation. */
const message = (peer: string, n: number, text = `${peer} ${n}`, own = '+15550100002') =>
  messageBody('message.received', { from: peer, to: own, text }, new Date(FIRST + n * 1000));

describe('HandlerWorker', () => {
  describe('of an ordered listener', () => {
    it('delivers each conversation in order of occurrence, one event at a time, whatever the order of arrival', async () => {
      const database = await createTestDatabase();
      const accepting = await startTestApplication({ database, options: { role: 'accept' } });
      const ids: string[] = [];
      for (const n of [3, 1, 4, 0, 2]) {
        for (const peer of ['+15550110001', '+15550110002', '+15550110003']) {
          ids.push((await accepting.post(message(peer, n))).id);
        }
      }
      await accepting.close();
      // Paused, so that all events are queued before the first is delivered.
      await database.query(`INSERT INTO postack.listener_pause (listener) VALUES ('conversations')`);
      const working = await startTestApplication({
        database,
        providers: [Conversations],
        // One event a transaction, so that the jobs are in the order of arrival.
        options: { role: 'work', dispatchBatchSize: 1 },
      });
      try {
        const undispatched = `SELECT 1 FROM postack.inbox_event WHERE status = 'pending'`;
        await waitUntil(async () => (await database.query(undispatched)).length === 0 || undefined, {
          what: () => 'the dispatch',
        });
        expect(working.application.get(Conversations).log).toEqual([]);
        await database.query('DELETE FROM postack.listener_pause');
        for (const id of ids) await waitForListener(working.application, id, 'conversations', 'done');
        const { log, overlaps } = working.application.get(Conversations);
        expect(overlaps).toBe(0);
        for (const peer of ['+15550110001', '+15550110002', '+15550110003']) {
          expect(log.filter((text) => text.startsWith(peer))).toEqual(
            [0, 1, 2, 3, 4].map((n) => `${peer} ${n}`),
          );
        }
      } finally {
        await working.close();
        await database.drop();
      }
    });

    describe('with a blocked conversation', () => {
      let app: TestApplication;

      beforeAll(async () => {
        app = await startTestApplication({ providers: [Conversations] });
      });
      afterAll(() => app.close());

      it('holds back the events of this conversation only, and delivers them in order once it succeeds', async () => {
        const conversations = app.application.get(Conversations);
        const stuck = (await app.post(message('+15550120001', 0, 'stuck'))).id;
        const report = await waitForListener(app.application, stuck, 'conversations', 'retrying');
        expect(report.nextAttemptAt).toBeInstanceOf(Date);
        const behind: string[] = [];
        // In both directions: a conversation is the pair of numbers.
        for (const n of [2, 1]) behind.push((await app.post(message('+15550120001', n, `behind ${n}`))).id);
        behind.push((await app.post(message('+15550100002', 3, 'behind 3', '+15550120001'))).id);
        for (let n = 0; n < 3; n += 1) {
          const { id } = await app.post(message('+15550120002', n));
          await waitForListener(app.application, id, 'conversations', 'done');
        }
        await waitForListener(app.application, behind[2]!, 'conversations', 'pending');
        expect(conversations.log.filter((text) => text.startsWith('behind'))).toEqual([]);

        conversations.isBroken = false;
        for (const id of [stuck, ...behind])
          await waitForListener(app.application, id, 'conversations', 'done', { timeoutMs: 20_000 });
        expect(conversations.log.filter((text) => text.startsWith('behind'))).toEqual([
          'behind 1',
          'behind 2',
          'behind 3',
        ]);
      });

      it('continues after a dead letter', async () => {
        const ids = [];
        for (const [n, text] of ['hopeless', 'after 1', 'after 2'].entries())
          ids.push((await app.post(message('+15550130001', n, text))).id);
        await waitForListener(app.application, ids[0]!, 'conversations', 'dead');
        for (const id of ids.slice(1)) await waitForListener(app.application, id, 'conversations', 'done');
        const { log } = app.application.get(Conversations);
        expect(log.filter((text) => text.startsWith('after'))).toEqual(['after 1', 'after 2']);
      });

      it('delivers the states of one message in order when it is ordered by message', async () => {
        const { log } = app.application.get(Conversations);
        const ids = [];
        for (const id of ['SMa', 'SMb']) {
          for (const [n, type] of ['message.queued', 'message.sent', 'message.delivered'].entries())
            ids.push((await app.post(messageBody(type, { id }, new Date(FIRST + n * 1000)))).id);
        }
        for (const id of ids) await waitForListener(app.application, id, 'messages-in-order', 'done');
        for (const id of ['SMa', 'SMb']) {
          expect(log.filter((line) => line.startsWith(id))).toEqual([
            `${id} message.queued`,
            `${id} message.sent`,
            `${id} message.delivered`,
          ]);
        }
      });
    });

    it('keeps the order and loses no event when two processes share a burst of events', async () => {
      const database = await createTestDatabase();
      const apps = [
        await startTestApplication({ database, providers: [Flaky] }),
        await startTestApplication({ database, providers: [Flaky] }),
      ];
      try {
        const posts = [];
        for (let n = 0; n < 30; n += 1) {
          for (let peer = 0; peer < 10; peer += 1) {
            posts.push(apps[peer % 2]!.post(message(`+1555014000${peer}`, n, `${peer}:${n}`)));
          }
        }
        for (const { id } of await Promise.all(posts))
          await waitForListener(apps[0]!.application, id, 'flaky', 'done', { timeoutMs: 60_000 });
        const done = apps.flatMap(({ application }) => application.get(Flaky).done);
        expect(done).toHaveLength(300);
        expect(apps.reduce((sum, { application }) => sum + application.get(Flaky).overlaps, 0)).toBe(0);
      } finally {
        for (const app of apps) await app.close();
        await database.drop();
      }
    }, 90_000);
  });
});

/** Conversations that are being handled, in all applications of this process. */
const running = new Set<string>();

@Injectable()
class Flaky {
  readonly done: string[] = [];
  overlaps = 0;

  @OnPostackEvent(MessageReceivedEvent, {
    name: 'flaky',
    ordered: 'conversation',
    retry: { firstDelayMs: 50, maxDelayMs: 100 },
  })
  async onReceived({ text, from }: MessageReceivedEvent, { attempt }: ListenerContext): Promise<void> {
    if (running.has(from ?? '')) this.overlaps += 1;
    running.add(from ?? '');
    await new Promise((resolve) => setImmediate(resolve));
    running.delete(from ?? '');
    if (attempt === 1 && Number(text?.split(':')[1]) % 7 === 3) throw new Error('once');
    this.done.push(text ?? '');
  }
}
