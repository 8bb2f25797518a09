import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  type BatchListenerContext,
  type BatchResult,
  MessageReceivedEvent,
  MessageSentEvent,
  OnPostackEvent,
  PermanentError,
} from '../../src/index.js';
import { waitForListener } from '../../src/testing/index.js';
import { createTestDatabase } from '../support/test-database.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';

@Injectable()
class Batches {
  readonly sizes: number[] = [];
  readonly contexts: BatchListenerContext[] = [];

  @OnPostackEvent(MessageReceivedEvent, {
    name: 'each',
    batch: { maxSize: 10 },
    retry: { firstDelayMs: 100, maxDelayMs: 100 },
  })
  onReceived(events: readonly MessageReceivedEvent[], context: BatchListenerContext): Promise<BatchResult> {
    this.sizes.push(events.length);
    this.contexts.push(context);
    return Promise.allSettled(
      events.map(async ({ text }, index) => {
        await Promise.resolve();
        if (text === 'bad') throw new PermanentError('bad');
        if (text === 'once' && context.deliveries[index]?.attempt === 1) throw new Error('the first time');
      }),
    );
  }

  @OnPostackEvent(MessageSentEvent, { name: 'whole', batch: true, retry: { attempts: 1 } })
  onSent(events: readonly MessageSentEvent[]): void {
    if (events.some(({ text }) => text === 'bad')) throw new Error('one of them is bad');
  }
}

describe('ListenerCalls', () => {
  describe('for a batch listener', () => {
    let app: TestApplication;
    const ids = new Map<string, string>();

    beforeAll(async () => {
      // Stored while no process dispatches, so that they form batches.
      const database = await createTestDatabase();
      const accepting = await startTestApplication({ database, options: { role: 'accept' } });
      for (const text of ['bad', 'once', ...Array.from({ length: 23 }, (_, n) => `fine ${n}`)])
        ids.set(text, (await accepting.post(messageBody('message.received', { text }))).id);
      for (const text of ['bad', 'good'])
        ids.set(`sent ${text}`, (await accepting.post(messageBody('message.sent', { text }))).id);
      await accepting.close();
      app = await startTestApplication({ database, providers: [Batches], options: { role: 'work' } });
    });
    afterAll(async () => {
      await app.close();
      await app.database.drop();
    });

    it('passes up to maxSize events in one call', async () => {
      await waitForListener(app.application, ids.get('fine 22')!, 'each', 'done');
      const { sizes, contexts } = app.application.get(Batches);
      expect(Math.max(...sizes)).toBe(10);
      expect(contexts[0]).toMatchObject({ listener: 'each', signal: expect.any(AbortSignal) });
      expect(contexts[0]?.deliveries).toEqual(
        Array.from({ length: sizes[0]! }, () => ({ attempt: 1, reason: 'initial', replayId: null })),
      );
    });

    it('takes one result for each event', async () => {
      await expect(waitForListener(app.application, ids.get('bad')!, 'each', 'dead')).resolves.toMatchObject({
        attempts: 1,
        lastError: { name: 'PermanentError' },
      });
      await expect(waitForListener(app.application, ids.get('once')!, 'each', 'done')).resolves.toMatchObject(
        {
          attempts: 2,
          lastError: { message: 'the first time' },
        },
      );
      for (let n = 0; n < 23; n += 1)
        await waitForListener(app.application, ids.get(`fine ${n}`)!, 'each', 'done');
    });

    it('fails the whole batch when the listener throws', async () => {
      for (const text of ['sent bad', 'sent good']) {
        await expect(
          waitForListener(app.application, ids.get(text)!, 'whole', 'dead'),
        ).resolves.toMatchObject({
          lastError: { message: 'one of them is bad' },
        });
      }
    });
  });
});
