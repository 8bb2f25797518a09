import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  type AnyPostackEvent,
  MessageDeliveredEvent,
  MessageFailedEvent,
  MessageReceivedEvent,
  MessageSentEvent,
  OnPostackEvent,
  type ListenerContext,
  UnknownPostackEvent,
} from '../../src/index.js';
import { waitForEvent, waitForListener } from '../../src/testing/index.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';

@Injectable()
class Everything {
  readonly events: AnyPostackEvent[] = [];

  @OnPostackEvent('*', { name: 'everything' })
  onAny(event: AnyPostackEvent): void {
    this.events.push(event);
  }
}

@Injectable()
class Several {
  readonly events: (MessageSentEvent | MessageDeliveredEvent)[] = [];
  readonly unknown: UnknownPostackEvent[] = [];
  readonly numbers: UnknownPostackEvent[] = [];

  @OnPostackEvent([MessageSentEvent, 'message.delivered'])
  on(event: MessageSentEvent | MessageDeliveredEvent): void {
    this.events.push(event);
  }

  @OnPostackEvent(UnknownPostackEvent)
  onUnknown(event: UnknownPostackEvent): void {
    this.unknown.push(event);
  }

  @OnPostackEvent('number.released')
  onNumberReleased(event: UnknownPostackEvent): void {
    this.numbers.push(event);
  }
}

@Injectable()
class Flaky {
  readonly attempts: number[] = [];
  readonly keys = new Set<string>();
  signal: AbortSignal | undefined;

  @OnPostackEvent(MessageReceivedEvent, { name: 'flaky', retry: { firstDelayMs: 1000, maxDelayMs: 1000 } })
  async onReceived(event: MessageReceivedEvent, context: ListenerContext): Promise<void> {
    this.attempts.push(context.attempt);
    this.keys.add(event.idempotencyKey(context.listener));
    await Promise.resolve();
    if (context.attempt < 3) throw new RangeError(`attempt ${context.attempt} failed for +15550100001\0`);
  }

  @OnPostackEvent(MessageFailedEvent, { name: 'hopeless', retry: { attempts: 1 } })
  onFailed(): never {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- some code does
    throw 'a string';
  }

  @OnPostackEvent(MessageSentEvent, { name: 'hanging', timeoutMs: 100, retry: { attempts: 1 } })
  onSent(_event: MessageSentEvent, { signal }: ListenerContext): Promise<void> {
    this.signal = signal;
    return new Promise(() => undefined);
  }
}

describe('HandlerWorkers, listeners', () => {
  let app: TestApplication;

  beforeAll(async () => {
    app = await startTestApplication({ providers: [Everything, Several, Flaky] });
  });
  afterAll(() => app.close());

  it("hear several types, '*', unknown types and one unknown type by name", async () => {
    const everything = app.application.get(Everything);
    const several = app.application.get(Several);
    const { id: delivered } = await app.post(messageBody('message.delivered'));
    const { id: released } = await app.post({ type: 'number.released', data: { number: 'x' } });
    const { id: other } = await app.post({ type: 'something.else' });
    for (const id of [delivered, released, other]) await waitForEvent(app.application, id, isDone);

    expect(everything.events.map(({ id }) => id)).toEqual(
      expect.arrayContaining([delivered, released, other]),
    );
    expect(several.events.map(({ id }) => id)).toEqual([delivered]);
    expect(several.events[0]).toBeInstanceOf(MessageDeliveredEvent);
    expect(several.unknown.map(({ wireType }) => wireType).sort()).toEqual([
      'number.released',
      'something.else',
    ]);
    expect(several.numbers.map(({ wireType }) => wireType)).toEqual(['number.released']);
  });

  it('are settled on their own: a failing one is tried again, the others stay done', async () => {
    const flaky = app.application.get(Flaky);
    const { id } = await app.post(messageBody('message.received'));
    // The other listener has a worker of its own, which may be a moment later.
    const failing = await waitForEvent(
      app.application,
      id,
      ({ status, listeners }) =>
        status === 'retrying' && listeners.some((one) => one.name === 'everything' && one.status === 'done'),
    );
    const byName = Object.fromEntries(failing.listeners.map((report) => [report.name, report]));
    expect(byName['everything']).toMatchObject({ status: 'done', attempts: 1 });
    expect(byName['flaky']).toMatchObject({
      status: 'retrying',
      attempts: 1,
      lastError: { name: 'RangeError', message: expect.stringContaining('attempt 1 failed') },
    });
    const scheduled = await waitForEvent(app.application, id, ({ listeners }) =>
      listeners.some(({ nextAttemptAt }) => nextAttemptAt !== null),
    );
    const next = scheduled.listeners.find(({ name }) => name === 'flaky')?.nextAttemptAt;
    expect(next!.getTime()).toBeGreaterThan(failing.receivedAt.getTime());

    const done = await waitForEvent(app.application, id, isDone, { timeoutMs: 25_000 });
    expect(done.listeners.find(({ name }) => name === 'flaky')).toMatchObject({
      status: 'done',
      attempts: 3,
      nextAttemptAt: null,
      firstError: { message: expect.stringContaining('attempt 1') },
      lastError: { message: expect.stringContaining('attempt 2') },
    });
    expect(flaky.attempts).toEqual([1, 2, 3]);
    expect(flaky.keys.size).toBe(1);
    const everything = app.application.get(Everything).events.filter((event) => event.id === id);
    expect(everything).toHaveLength(1);
  });

  it('are dead for an event after the last attempt, visibly', async () => {
    const { id } = await app.post(messageBody('message.failed'));
    const report = await waitForListener(app.application, id, 'hopeless');
    expect(report).toMatchObject({
      status: 'dead',
      attempts: 1,
      lastError: { name: 'string', message: 'a string', stack: null },
    });
    await expect(waitForEvent(app.application, id)).resolves.toMatchObject({ status: 'dead' });
  });

  it('fail when they take too long, and their signal is aborted', async () => {
    const { id } = await app.post(messageBody('message.sent'));
    const report = await waitForListener(app.application, id, 'hanging');
    expect(report).toMatchObject({ status: 'dead', lastError: { name: 'ListenerTimeoutError' } });
    expect(app.application.get(Flaky).signal?.aborted).toBe(true);
  });
});

describe('an application without listeners for a type', () => {
  it('stores such events as unhandled', async () => {
    const app = await startTestApplication();
    try {
      const { id } = await app.post({ type: 'something.else' });
      await expect(waitForEvent(app.application, id)).resolves.toMatchObject({
        status: 'unhandled',
        type: 'something.else',
        projections: [],
        listeners: [],
      });
    } finally {
      await app.close();
    }
  });
});

const isDone = ({ status }: { status: string }) => status === 'done';
