import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { HeldMessages, type MessageReceivedEvent, OnPostackEvent, Outbox } from '../../src/index.js';
import { waitForListener } from '../../src/testing/index.js';
import { LocalPostack } from '../../src/simulator/index.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';

@Injectable()
class Answering {
  @OnPostackEvent('message.received', { name: 'answering' })
  async onReceived(event: MessageReceivedEvent): Promise<void> {
    await event.reply('Thank you');
  }
}

describe('without an API key', () => {
  let database: TestDatabase;
  let app: TestApplication;
  const logger = new RecordingLogger();

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startTestApplication({
      database,
      providers: [Answering],
      configure: (application) => {
        application.useLogger(logger);
      },
    });
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const stored = async () =>
    (
      await database.query<{
        id: string;
        status: string;
        held_reason: string | null;
        held_detail: string | null;
      }>('SELECT id, status, held_reason, held_detail FROM postack.outbox_message')
    )[0];

  it('one warning at startup says that nothing can be sent', () => {
    const warnings = logger.lines.filter((line) => line.includes('no API key'));
    expect(warnings).toEqual([expect.stringMatching(/Nothing can be sent.*POSTACK_API_KEY/)]);
  });

  it('a reply is held with that reason, and can be released once there is a key', async () => {
    const { id } = await app.post(messageBody('message.received'));
    await waitForListener(app.application, id, 'answering', 'done');
    const held = await stored();
    expect(held).toMatchObject({
      ...{
        status: 'held',
        held_reason: 'no-api-key',
        held_detail: expect.stringContaining('POSTACK_API_KEY'),
      },
    });
    const release = (one: TestApplication) => one.application.get(HeldMessages).release(held!.id, 'a key');
    await expect(release(app)).rejects.toThrow('requires an API key');

    await app.close();
    const postack = await LocalPostack.start();
    app = await startTestApplication({
      database,
      options: { api: { apiKey: postack.apiKey, baseUrl: postack.url } },
    });
    try {
      await release(app);
      const accepted = async () => ((await stored())?.status === 'accepted' ? true : undefined);
      await waitUntil(accepted, { what: () => 'the reply is sent' });
    } finally {
      await postack.stop();
    }
  });

  it('a message of your own is refused at once', async () => {
    await app.close();
    app = await startTestApplication({ database });
    const message = { from: '+15550100002', to: '+15550100001', text: 'Hi', idempotencyKey: 'a' };
    const enqueue = app.application.get(Outbox).enqueue({ ...message, category: 'notification' });
    await expect(enqueue).rejects.toThrow('requires an API key');
  });
});
