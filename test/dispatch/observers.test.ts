import { describe, expect, it } from '@jest/globals';
import { Injectable, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import {
  type AnyPostackEvent,
  MessageSentEvent,
  OnPostackEvent,
  type PostackEvent,
} from '../../src/index.js';
import { waitForEvent } from '../../src/testing/index.js';
import { messageBody, startTestApplication } from '../support/test-application.js';
import { createTestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';

@Injectable()
class Observer {
  readonly notices: string[] = [];
  readonly wild: string[] = [];
  readonly own: unknown[] = [];

  @OnEvent('postack.message.sent')
  onSent(event: MessageSentEvent): void {
    this.notices.push(event.id);
    throw new Error('an observer that fails');
  }

  @OnEvent('postack.unknown')
  onUnknown(event: PostackEvent): void {
    this.notices.push(event.id);
  }

  @OnEvent('postack.event')
  onAny(event: AnyPostackEvent): void {
    this.notices.push(`any ${event.id}`);
  }

  @OnEvent('postack.message.*')
  onWildcard(event: AnyPostackEvent): void {
    this.wild.push(event.id);
  }

  @OnEvent('host.order')
  onOrder(order: unknown): void {
    this.own.push(order);
  }

  @OnPostackEvent('*', { name: 'listener' })
  listen(): void {
    // So that every event has an outcome to wait for.
  }
}

/** The host's own use of its emitter, by injection. */
@Injectable()
class Orders {
  constructor(readonly emitter: EventEmitter2) {}
}

const HOST_OPTIONS = [
  ['global', {}],
  ['not global', { global: false }],
  ['with wildcards', { wildcard: true }],
  ['with wildcards, not global', { wildcard: true, global: false }],
] as const;
const ORDERS = ['importsBefore', 'imports'] as const;
const WITH_HOST_MODULE = HOST_OPTIONS.flatMap(([what, options]) =>
  ORDERS.map(
    (order) =>
      [`${what}, ${order === 'imports' ? 'after' : 'before'} PostackModule`, order, options] as const,
  ),
);

describe('ObserverNotices', () => {
  describe('plain @OnEvent observers are notified once, after the commit', () => {
    it('without an EventEmitterModule of the host', async () => {
      const app = await startTestApplication({ providers: [Observer] });
      try {
        const observer = app.application.get(Observer);
        const { id: sent } = await app.post(messageBody('message.sent'));
        const { id: unknown } = await app.post({ type: 'something.new' });
        await waitForEvent(app.application, sent, ({ status }) => status === 'done');
        await waitForEvent(app.application, unknown, ({ status }) => status === 'done');
        expect([...observer.notices].sort()).toEqual([sent, unknown, `any ${sent}`, `any ${unknown}`].sort());
        expect(observer.wild).toEqual([]);
      } finally {
        await app.close();
      }
    });

    it.each(WITH_HOST_MODULE)('with one: %s', async (_what, order, options) => {
      const hostModule = EventEmitterModule.forRoot(options);
      const app = await startTestApplication({ providers: [Observer, Orders], [order]: [hostModule] });
      try {
        const observer = app.application.get(Observer);
        const { id: sent } = await app.post(messageBody('message.sent'));
        const { id: unknown } = await app.post({ type: 'something.new' });
        await waitForEvent(app.application, sent, ({ status }) => status === 'done');
        await waitForEvent(app.application, unknown, ({ status }) => status === 'done');
        expect([...observer.notices].sort()).toEqual([sent, unknown, `any ${sent}`, `any ${unknown}`].sort());
        expect(observer.wild).toEqual('wildcard' in options ? [sent] : []);

        // The emitter that the host gets is its own: its handlers are on it, and its options apply.
        const emitter = app.application.get(EventEmitter2);
        expect(emitter).toBe(app.application.get(Orders).emitter);
        expect(emitter.emit('host.order', 7)).toBe(true);
        expect(observer.own).toEqual([7]);
        const others: unknown[] = [];
        emitter.on('host.*', (order: unknown) => others.push(order));
        emitter.emit('host.other', 8);
        expect(others).toEqual('wildcard' in options ? [8] : []);
      } finally {
        await app.close();
      }
    });
  });

  it('uses an emitter that the host provides without the module; one with another token is left alone', async () => {
    const emitter = new EventEmitter2();
    const other = new EventEmitter2();
    const app = await startTestApplication({
      providers: [
        Observer,
        { provide: EventEmitter2, useValue: emitter },
        { provide: 'OTHER', useValue: other },
      ],
    });
    try {
      const { id } = await app.post(messageBody('message.sent'));
      await waitForEvent(app.application, id, ({ status }) => status === 'done');
      expect([...app.application.get(Observer).notices].sort()).toEqual([id, `any ${id}`].sort());
      expect(app.application.get(EventEmitter2)).toBe(emitter);
      expect(other.eventNames()).toEqual([]);
    } finally {
      await app.close();
    }
  });

  it('keeps notices of events that are dispatched while the application starts', async () => {
    const database = await createTestDatabase();
    try {
      const accepting = await startTestApplication({ database, options: { role: 'accept' } });
      const { id } = await accepting.post(messageBody('message.sent'));
      await accepting.close();

      /** Starts before the host's EventEmitterModule, which is imported further up, and after the dispatcher. */
      @Injectable()
      class SlowStart implements OnApplicationBootstrap {
        async onApplicationBootstrap(): Promise<void> {
          await waitUntil(
            async () => {
              const [event] = await database.query<{ status: string }>(
                `SELECT status FROM postack.inbox_event`,
              );
              return event?.status === 'dispatched' ? true : undefined;
            },
            { what: () => 'the event to be dispatched' },
          );
        }
      }
      @Module({ providers: [SlowStart] })
      class SlowModule {}
      @Module({ imports: [SlowModule] })
      class FeatureModule {}

      const app = await startTestApplication({
        database,
        providers: [Observer],
        imports: [FeatureModule, EventEmitterModule.forRoot({ global: false })],
      });
      try {
        await waitForEvent(app.application, id, ({ status }) => status === 'done');
        expect([...app.application.get(Observer).notices].sort()).toEqual([id, `any ${id}`].sort());
      } finally {
        await app.close();
      }
    } finally {
      await database.drop();
    }
  });
});
