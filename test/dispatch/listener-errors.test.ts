import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  type ListenerContext,
  MessageFailedEvent,
  MessageReceivedEvent,
  MessageSentEvent,
  OnPostackEvent,
  PermanentError,
  RetryAfterError,
} from '../../src/index.js';
import { waitForListener } from '../../src/testing/index.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';

class UnprocessableError extends PermanentError {
  override readonly name = 'UnprocessableError';
}

@Injectable()
class Failing {
  readonly calls: { attempt: number; at: number }[] = [];

  @OnPostackEvent(MessageReceivedEvent, { name: 'permanent' })
  onReceived(event: MessageReceivedEvent): void {
    throw new UnprocessableError(`the CRM does not take "${event.text}" of ${event.from}`);
  }

  @OnPostackEvent(MessageSentEvent, { name: 'retry-after', retry: { firstDelayMs: 60_000 } })
  onSent(_event: MessageSentEvent, { attempt }: ListenerContext): void {
    this.calls.push({ attempt, at: Date.now() });
    if (attempt === 1) throw new RetryAfterError(1500);
  }

  @OnPostackEvent(MessageFailedEvent, { name: 'twice', retry: { attempts: 2, firstDelayMs: 0 } })
  onFailed(): void {
    throw new RetryAfterError(0, 'not yet');
  }
}

describe('HandlerWorker', () => {
  describe('on an error of a listener', () => {
    let app: TestApplication;

    beforeAll(async () => {
      app = await startTestApplication({ providers: [Failing] });
    });
    afterAll(() => app.close());

    it('makes a dead letter at once for PermanentError and its subclasses, without the payload', async () => {
      const { id } = await app.post(
        messageBody('message.received', { text: 'my secret', from: '+15550123456' }),
      );
      const report = await waitForListener(app.application, id, 'permanent');
      expect(report).toMatchObject({
        status: 'dead',
        attempts: 1,
        nextAttemptAt: null,
        lastError: { name: 'UnprocessableError', message: 'the CRM does not take "(text)" of +1********56' },
      });
      expect(JSON.stringify(report)).not.toMatch(/my secret|5550123/);
      expect(report.lastError?.stack).toContain('onReceived');
    });

    it('retries after the delay of RetryAfterError, whatever the backoff', async () => {
      const { id } = await app.post(messageBody('message.sent'));
      await waitForListener(app.application, id, 'retry-after', 'done', { timeoutMs: 20_000 });
      const { calls } = app.application.get(Failing);
      expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2]);
      expect(calls[1]!.at - calls[0]!.at).toBeGreaterThanOrEqual(1500);
    });

    it('counts RetryAfterError as an attempt', async () => {
      const { id } = await app.post(messageBody('message.failed'));
      await expect(
        waitForListener(app.application, id, 'twice', 'dead', { timeoutMs: 20_000 }),
      ).resolves.toMatchObject({ attempts: 2, lastError: { name: 'RetryAfterError', message: 'not yet' } });
    });
  });
});
