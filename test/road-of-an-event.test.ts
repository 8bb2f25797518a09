import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { MessageReceivedEvent, OnPostackEvent, type ListenerContext } from '../src/index.js';
import { waitForEvent } from '../src/testing/index.js';
import {
  ADAPTERS,
  messageBody,
  startTestApplication,
  type TestApplication,
} from './support/test-application.js';

@Injectable()
class Recorder {
  readonly received: MessageReceivedEvent[] = [];
  readonly contexts: ListenerContext[] = [];
  readonly noticed: MessageReceivedEvent[] = [];

  @OnPostackEvent(MessageReceivedEvent)
  onReceived(event: MessageReceivedEvent, context: ListenerContext): void {
    this.received.push(event);
    this.contexts.push(context);
  }

  @OnEvent('postack.message.received')
  onNotice(event: MessageReceivedEvent): void {
    this.noticed.push(event);
  }
}

describe.each(ADAPTERS)('PostackModule, the road of an event, on %s', (adapter) => {
  let app: TestApplication;
  let recorder: Recorder;

  beforeAll(async () => {
    app = await startTestApplication({ adapter, providers: [Recorder] });
    recorder = app.application.get(Recorder);
  });
  afterAll(() => app.close());

  it('leads from a signed request to a typed listener, a projection and an observer', async () => {
    const body = messageBody('message.received', { text: 'Is my order there?', segments: 1 });
    const response = await app.post(body);

    expect(response.status).toBe(204);
    expect(response.headers.get('postack-receipt')).toBe('accepted');
    expect(await response.text()).toBe('');

    const event = await waitForEvent(app.application, response.id);
    expect(event).toMatchObject({
      id: response.id,
      type: 'message.received',
      status: 'done',
      payload: body,
      projections: [
        { name: 'messages', status: 'done' },
        { name: 'opt-outs', status: 'done' },
      ],
      listeners: [{ name: 'Recorder.onReceived', status: 'done', attempts: 1, lastError: null }],
    });

    expect(recorder.received).toHaveLength(1);
    const [received] = recorder.received;
    expect(received).toBeInstanceOf(MessageReceivedEvent);
    expect(received).toMatchObject({
      id: response.id,
      messageId: body.data.id,
      from: '+15550100001',
      to: '+15550100002',
      text: 'Is my order there?',
      segments: 1,
      occurredAt: new Date(body.timestamp!),
      payload: body,
    });
    expect(recorder.contexts[0]).toMatchObject({ listener: 'Recorder.onReceived', attempt: 1 });
    expect(recorder.noticed).toEqual(recorder.received.map((one) => expect.objectContaining({ id: one.id })));

    const [message] = await app.database.query<{ state: string; direction: string }>(
      'SELECT state, direction FROM postack.message WHERE id = $1',
      [body.data.id],
    );
    expect(message).toEqual({ state: 'received', direction: 'inbound' });
  });
});
