import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { MessageQueries } from '../../src/index.js';
import { waitForEvent } from '../../src/testing/index.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';

const second = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, seconds));

describe('MessagesProjection, the messages', () => {
  let app: TestApplication;
  let log: MessageQueries;

  const postAll = async (bodies: unknown[]) => {
    const posts = await Promise.all(bodies.map((body) => app.post(body)));
    for (const { id } of posts) await waitForEvent(app.application, id, ({ status }) => status === 'done');
    return posts.map(({ id }) => id);
  };

  beforeAll(async () => {
    app = await startTestApplication();
    log = app.application.get(MessageQueries);
  });
  afterAll(() => app.close());

  it('have one row each, in the state that the receipts tell, whatever their order', async () => {
    await postAll([messageBody('message.delivered', { id: 'SM_late', text: null }, second(3))]);
    await postAll([
      messageBody('message.sent', { id: 'SM_late', text: null }, second(2)),
      messageBody('message.queued', { id: 'SM_late', text: 'Your order', segments: 1 }, second(1)),
      messageBody('message.sent', { id: 'SM_late', text: null }, second(2)),
    ]);
    const message = await log.find('SM_late');
    expect(message).toMatchObject({
      direction: 'outbound',
      state: 'delivered',
      stateAt: second(3),
      conflict: false,
      errorCode: null,
      text: 'Your order',
      segments: 1,
      firstEventAt: second(1),
      lastEventAt: second(3),
    });
    expect(message?.history.map(({ state }) => state)).toEqual(['queued', 'sent', 'delivered']);
  });

  it('show contradicting final states as a conflict, with the history', async () => {
    const [, undelivered] = await postAll([
      messageBody('message.delivered', { id: 'SM_conflict' }, second(1)),
      messageBody('message.undelivered', { id: 'SM_conflict', errorCode: '30003' }, second(2)),
    ]);
    expect(await log.find('SM_conflict')).toMatchObject({
      state: 'undelivered',
      errorCode: '30003',
      conflict: true,
      history: [
        { state: 'undelivered', eventId: undelivered, at: second(2).toISOString(), errorCode: '30003' },
        { state: 'delivered', at: second(1).toISOString(), errorCode: null },
      ],
    });
  });

  it('show two messages with one id as a conflict, and mix no fields of them', async () => {
    const [customer, own] = ['+15550100007', '+15550100002'];
    for (const order of ['inbound first', 'outbound first']) {
      const id = `SM_both ${order}`;
      const bodies = [
        messageBody('message.received', { id, from: customer, to: own, text: 'Hi' }, second(1)),
        messageBody(
          'message.delivered',
          { id, from: own, to: customer, text: 'Your order', segments: 2 },
          second(2),
        ),
      ];
      for (const body of order === 'inbound first' ? bodies : bodies.reverse()) await postAll([body]);
      expect(await log.find(id)).toMatchObject({
        ...{ direction: 'inbound', state: 'received', conflict: true, from: customer, to: own, text: 'Hi' },
        segments: null,
        history: [{ state: 'received' }, { state: 'delivered' }],
      });
    }
  });

  it('survive many events for the same messages at once', async () => {
    const types = ['message.queued', 'message.sent', 'message.delivered'];
    const bodies = Array.from({ length: 150 }, (_, index) =>
      messageBody(types[index % 3]!, { id: `SM_many_${index % 10}` }, second(index % 3)),
    );
    await postAll(bodies);
    for (let index = 0; index < 10; index += 1) {
      expect(await log.find(`SM_many_${index}`)).toMatchObject({ state: 'delivered', conflict: false });
    }
  });

  it('show it when an event names no message, and keep the event', async () => {
    const { id } = await app.post(messageBody('message.sent', { id: undefined }));
    const event = await waitForEvent(app.application, id, ({ status }) => status === 'retrying');
    expect(event.projections).toEqual([
      expect.objectContaining({
        name: 'messages',
        status: 'retrying',
        lastError: expect.objectContaining({ name: 'MissingMessageIdError' }),
      }),
    ]);
  });
});

describe('the warning about an undelivered message', () => {
  it('has the message, the error code and a masked number, and no text', async () => {
    const logger = new RecordingLogger();
    const app = await startTestApplication({
      configure: () => {
        Logger.overrideLogger(logger);
      },
    });
    try {
      const fields = { id: 'SM_lost', to: '+15550100042', text: 'private words', errorCode: '30005' };
      const { id } = await app.post(messageBody('message.undelivered', fields));
      const { id: failed } = await app.post(messageBody('message.failed', { id: 'SM_never' }));
      await waitForEvent(app.application, id);
      await waitForEvent(app.application, failed);
      const warnings = logger.lines.filter((line) => line.startsWith('Message SM'));
      expect(warnings).toEqual(
        expect.arrayContaining([
          `Message SM_lost to +1********42 was not delivered: error code 30005 (event ${id})`,
          `Message SM_never to +1********02 was not sent: error code (none given) (event ${failed})`,
        ]),
      );
      expect(warnings).toHaveLength(2);
      expect(logger.lines.join('\n')).not.toMatch(/private words|\+15550100042/);
    } finally {
      await app.close();
      Logger.overrideLogger(false);
    }
  });
});
