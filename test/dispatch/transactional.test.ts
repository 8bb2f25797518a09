import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  MessageReceivedEvent,
  MessageSentEvent,
  OnPostackEvent,
  type TransactionalListenerContext,
} from '../../src/index.js';
import { signWebhook, waitForListener } from '../../src/testing/index.js';
import { ListenerApps } from '../support/listener-apps.js';
import {
  messageBody,
  startTestApplication,
  TEST_SECRET,
  type TestApplication,
} from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';

@Injectable()
class Ledger {
  escaped: EntityManager | undefined;

  @OnPostackEvent(MessageReceivedEvent, {
    name: 'ledger',
    transactional: true,
    retry: { firstDelayMs: 0 },
  })
  async onReceived(
    { id }: MessageReceivedEvent,
    { manager, attempt }: TransactionalListenerContext,
  ): Promise<void> {
    await manager.query('INSERT INTO ledger (event_id) VALUES ($1)', [id]);
    if (attempt === 1) throw new Error('after the write');
  }

  @OnPostackEvent(MessageSentEvent, {
    name: 'hanging',
    transactional: true,
    timeoutMs: 200,
    retry: { attempts: 1 },
  })
  async onSent({ id }: MessageSentEvent, { manager }: TransactionalListenerContext): Promise<void> {
    await manager.query('INSERT INTO ledger (event_id) VALUES ($1)', [id]);
    this.escaped = manager;
    await new Promise(() => undefined);
  }
}

describe('ListenerCalls', () => {
  describe('for a transactional listener', () => {
    let app: TestApplication;

    beforeAll(async () => {
      app = await startTestApplication({ providers: [Ledger], poolSize: 4 });
      await app.database.query('CREATE TABLE ledger (event_id text)');
    });
    afterAll(() => app.close());

    it('rolls back its writes when it throws, and commits them once when it succeeds', async () => {
      const { id } = await app.post(messageBody('message.received'));
      await waitForListener(app.application, id, 'ledger', 'done', { timeoutMs: 20_000 });
      expect(await entries(app.database, id)).toBe(1);
    });

    it('rolls back when it hangs, and prevents later writes', async () => {
      const { id } = await app.post(messageBody('message.sent'));
      await waitForListener(app.application, id, 'hanging', 'dead');
      const { escaped } = app.application.get(Ledger);
      await expect(escaped!.query('INSERT INTO ledger (event_id) VALUES ($1)', [id])).rejects.toThrow();
      expect(await entries(app.database, id)).toBe(0);
    });
  });
});

describe('ListenerCalls', () => {
  describe('for a transactional listener whose process is killed between its writes and the commit', () => {
    const apps = new ListenerApps();
    afterEach(() => apps.clear());

    it('writes nothing, and writes once in the process that takes over', async () => {
      const database = await createTestDatabase();
      await database.query('CREATE TABLE ledger (event_id text)');
      const first = await apps.start(database.url, { MODE: 'transactional', DIE: '1' });
      const { id, headers, body } = signWebhook({
        secret: TEST_SECRET,
        body: messageBody('message.received'),
      });
      expect((await fetch(first.webhookUrl, { method: 'POST', headers, body })).status).toBe(204);
      await first.exit;
      expect(first.lines).toContain(`written ${id} 1`);
      expect(await entries(database, id)).toBe(0);

      const second = await apps.start(database.url, { MODE: 'transactional' });
      await second.printed(`called ${id} 2`);
      await waitUntil(async () => (await entries(database, id)) === 1 || undefined, {
        what: () => 'the entry',
      });
      const done = `SELECT status FROM postack.delivery WHERE handler = 'only'`;
      expect(await database.query(done)).toEqual([{ status: 'done' }]);
      await apps.clear();
      await database.drop();
    }, 60_000);
  });
});

async function entries(database: TestDatabase, id: string): Promise<number> {
  return (await database.query('SELECT 1 FROM ledger WHERE event_id = $1', [id])).length;
}
