import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import {
  type AnyPostackEvent,
  MessageSentEvent,
  OnPostackEvent,
  type PostackEvent,
} from '../../src/index.js';
import { waitForEvent } from '../../src/testing/index.js';
import { messageBody, startTestApplication } from '../support/test-application.js';

@Injectable()
class Observer {
  readonly notices: string[] = [];
  readonly wild: string[] = [];

  @OnEvent('postack.message.sent')
  onSent(event: MessageSentEvent): void {
    this.notices.push(event.id);
    throw new Error('ignored');
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

  @OnPostackEvent('*', { name: 'listener' })
  listen(): void {
    // Gives every event an outcome to wait for.
  }
}

describe('ObserverNotices', () => {
  it.each([
    ['without an EventEmitterModule in the host', undefined],
    ['with an EventEmitterModule that has wildcards', EventEmitterModule.forRoot({ wildcard: true })],
  ])('notifies plain @OnEvent observers once, after the commit, %s', async (_what, emitterModule) => {
    const app = await startTestApplication({
      providers: [Observer],
      imports: emitterModule ? [emitterModule] : [],
    });
    try {
      const observer = app.application.get(Observer);
      const { id: sent } = await app.post(messageBody('message.sent'));
      const { id: unknown } = await app.post({ type: 'something.new' });
      await waitForEvent(app.application, sent, ({ status }) => status === 'done');
      await waitForEvent(app.application, unknown, ({ status }) => status === 'done');
      expect([...observer.notices].sort()).toEqual([sent, unknown, `any ${sent}`, `any ${unknown}`].sort());
      expect(observer.wild).toEqual(emitterModule ? [sent] : []);
    } finally {
      await app.close();
    }
  });
});
