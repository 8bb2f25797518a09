import { afterEach, describe, expect, it } from '@jest/globals';
import { signWebhook } from '../../src/testing/index.js';
import { ListenerApps } from '../support/listener-apps.js';
import { messageBody, startTestApplication, TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase } from '../support/test-database.js';
import { waitForListener } from '../../src/testing/index.js';

const apps = new ListenerApps();
afterEach(() => apps.clear());

describe('HandlerWorkers', () => {
  it('takes over the deliveries of a killed process within 30 seconds', async () => {
    const database = await createTestDatabase();
    const first = await apps.start(database.url, { HANG: '1' });
    const { id, headers, body } = signWebhook({ secret: TEST_SECRET, body: messageBody('message.received') });
    const response = await fetch(first.webhookUrl, { method: 'POST', headers, body });
    expect(response.status).toBe(204);
    await first.printed(`called ${id} 1`);

    const second = await apps.start(database.url);
    await first.kill();
    await second.printed(`called ${id} 2`, 30_000);

    await apps.clear();
    await database.drop();
  }, 60_000);
});

describe('Leases', () => {
  it('makes a dead letter of a delivery that was alone in three processes when they crashed', async () => {
    const database = await createTestDatabase();
    const first = await apps.start(database.url, { HANG: '1' });
    const { id, headers, body } = signWebhook({ secret: TEST_SECRET, body: messageBody('message.received') });
    await fetch(first.webhookUrl, { method: 'POST', headers, body });
    await first.printed(`called ${id} 1`);
    await first.kill();
    // As if it had been alone in this process, and in two others before.
    await database.query(`UPDATE postack.delivery SET suspicion = 2, crashes = 2, interruptions = 2`);

    // A process without that listener creates the dead letter too.
    const other = await startTestApplication({ database });
    try {
      await expect(
        waitForListener(other.application, id, 'only', 'dead', { timeoutMs: 40_000 }),
      ).resolves.toMatchObject({
        attempts: 0,
        lastError: {
          name: 'ProcessDiedError',
          message: '3 process crashes while only was handling this event, alone in the process',
          stack: null,
        },
      });
    } finally {
      await other.close();
      await database.drop();
    }
  }, 60_000);
});
