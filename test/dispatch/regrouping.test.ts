import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { MessageReceivedEvent, OnPostackEvent } from '../../src/index.js';
import { waitForListener } from '../../src/testing/index.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';
import { createTestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';

@Injectable()
class Notes {
  readonly texts: string[] = [];

  @OnPostackEvent(MessageReceivedEvent, { name: 'notes', retry: { firstDelayMs: 3000, maxDelayMs: 3000 } })
  onReceived({ text }: MessageReceivedEvent): void {
    this.texts.push(text ?? '');
    if (text === 'fails' && this.texts.length === 1) throw new Error('the first time');
  }
}

const FIRST = new Date('2026-11-01T10:00:00Z').getTime();
const message = (n: number, text = String(n)) =>
  messageBody('message.received', { text }, new Date(FIRST + n * 1000));

describe('Regrouping', () => {
  it('keeps the queued events of a listener when it becomes ordered, and when it no longer is', async () => {
    const database = await createTestDatabase();
    const apps: TestApplication[] = [];
    const start = async (options = {}) => {
      for (const app of apps.splice(0)) await app.close();
      const app = await startTestApplication({ database, providers: [Notes], options });
      apps.push(app);
      return app;
    };
    const waitUntilDone = async (ids: string[], app: TestApplication) => {
      for (const id of ids)
        await waitForListener(app.application, id, 'notes', 'done', { timeoutMs: 20_000 });
    };
    const pause = () => database.query(`INSERT INTO postack.listener_pause (listener) VALUES ('notes')`);
    const resume = () => database.query('DELETE FROM postack.listener_pause');
    const dispatched = () =>
      waitUntil(
        async () => {
          const rows = await database.query(`SELECT 1 FROM postack.inbox_event WHERE status = 'pending'`);
          return rows.length === 0 || undefined;
        },
        { what: () => 'the dispatch' },
      );

    try {
      // One event waits for its retry, the others for their first call.
      const unordered = await start();
      const ids = [(await unordered.post(message(0, 'fails'))).id];
      await waitForListener(unordered.application, ids[0]!, 'notes', 'retrying');
      await pause();
      const stillUnordered = await start();
      for (const n of [3, 1, 2]) ids.push((await stillUnordered.post(message(n))).id);
      await dispatched();

      const options = { listeners: { notes: { ordered: 'conversation' as const } } };
      const ordered = await start(options);
      await resume();
      await waitUntilDone(ids, ordered);
      expect(ordered.application.get(Notes).texts.filter((text) => text !== 'fails')).toEqual([
        '1',
        '2',
        '3',
      ]);
      await pause();

      const stillOrdered = await start(options);
      const later = [];
      for (const n of [5, 4]) later.push((await stillOrdered.post(message(n))).id);
      await dispatched();
      const unorderedAgain = await start();
      await resume();
      await waitUntilDone(later, unorderedAgain);
      expect(unorderedAgain.application.get(Notes).texts.sort()).toEqual(['4', '5']);
      expect(
        await database.query(
          `SELECT 1 FROM postack.delivery WHERE order_key IS NOT NULL AND status <> 'done'`,
        ),
      ).toEqual([]);
    } finally {
      for (const app of apps) await app.close();
      await database.drop();
    }
  }, 60_000);
});
