import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { MessageReceivedEvent, OnPostackEvent } from '../../src/index.js';
import { waitForListener } from '../../src/testing/index.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';
import { THROWN_VALUES } from '../support/thrown-values.js';

@Injectable()
class Listeners {
  readonly calls: string[] = [];

  @OnPostackEvent(MessageReceivedEvent, {
    name: 'throwing',
    retry: { attempts: 2, firstDelayMs: 20, maxDelayMs: 20 },
  })
  throwing({ id, text }: MessageReceivedEvent): void {
    this.calls.push(`throwing ${id}`);
    const make = THROWN_VALUES[text ?? ''];
    if (make) throw make();
  }

  @OnPostackEvent(MessageReceivedEvent, { name: 'other' })
  other({ id }: MessageReceivedEvent): void {
    this.calls.push(`other ${id}`);
  }
}

describe('HandlerWorker', () => {
  let app: TestApplication;
  beforeAll(async () => {
    app = await startTestApplication({ providers: [Listeners] });
  });
  afterAll(() => app.close());

  it('records whatever is thrown, and only for the event that it was thrown for', async () => {
    const posted = await Promise.all(
      Object.keys(THROWN_VALUES).flatMap((text) => [
        app.post(messageBody('message.received', { text })).then(({ id }) => ({ id, text })),
        app.post(messageBody('message.received', { text: 'fine' })).then(({ id }) => ({ id, text: 'fine' })),
      ]),
    );
    const { calls } = app.application.get(Listeners);
    for (const { id, text } of posted) {
      const isLate = text === 'a delay without end';
      const status = text === 'fine' ? 'done' : isLate ? 'retrying' : 'dead';
      const report = await waitForListener(app.application, id, 'throwing', status);
      expect(report).toMatchObject({ attempts: status === 'dead' ? 2 : 1 });
      expect(report.lastError === null).toBe(status === 'done');
      await waitForListener(app.application, id, 'other', 'done');
      expect(calls.filter((call) => call === `throwing ${id}`)).toHaveLength(status === 'dead' ? 2 : 1);
      expect(calls.filter((call) => call === `other ${id}`)).toHaveLength(1);
    }
  });
});
