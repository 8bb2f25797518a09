import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  type AnyPostackEvent,
  type ListenerContext,
  type MessageReceivedEvent,
  OnPostackEvent,
  Replays,
} from '../../src/index.js';
import { waitForEvent, waitForListener } from '../../src/testing/index.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

@Injectable()
class Old {
  readonly calls: string[] = [];

  @OnPostackEvent('message.received', { name: 'old' })
  onReceived({ id }: MessageReceivedEvent, { reason }: ListenerContext): void {
    this.calls.push(`${id} ${reason}`);
  }
}

@Injectable()
class New {
  readonly calls: { id: string; reason: string; replayId: string | null }[] = [];

  @OnPostackEvent(['message.received', 'message.sent', 'number.ported'], { name: 'new' })
  on({ id }: AnyPostackEvent, { reason, replayId }: ListenerContext): void {
    this.calls.push({ id, reason, replayId });
  }
}

describe('Replays', () => {
  describe('backfill of a listener that was added later', () => {
    let database: TestDatabase;
    let app: TestApplication;
    const stored: Record<'received' | 'sent' | 'failed' | 'ported' | 'fresh', string> = {
      ...{ received: '', sent: '', failed: '', ported: '', fresh: '' },
    };

    beforeAll(async () => {
      database = await createTestDatabase();
      const before = await startTestApplication({ database, providers: [Old] });
      stored.received = (await before.post(messageBody('message.received'))).id;
      stored.sent = (await before.post(messageBody('message.sent'))).id;
      stored.failed = (await before.post(messageBody('message.failed'))).id;
      stored.ported = (await before.post({ type: 'number.ported' })).id;
      await before.post('no event');
      for (const id of [stored.received, stored.sent, stored.failed, stored.ported]) {
        await waitForEvent(before.application, id);
      }
      await before.close();
      app = await startTestApplication({ database, providers: [Old, New] });
      stored.fresh = (await app.post(messageBody('message.received'))).id;
      await waitForListener(app.application, stored.fresh, 'new', 'done');
    });
    afterAll(async () => {
      await app.close();
      await database.drop();
    });

    it('counts the events that were never delivered to it, by type and time', async () => {
      const replays = app.application.get(Replays);
      const matched = async (request: object) =>
        (await replays.backfill('new', { ...request, dryRun: true })).matched;
      expect(await matched({})).toBe(3);
      expect(await matched({ type: 'message.sent' })).toBe(1);
      expect(await matched({ type: 'message.failed' })).toBe(0);
      expect(await matched({ since: new Date(Date.now() + 60_000) })).toBe(0);
      expect(await matched({ until: new Date(Date.now() + 60_000) })).toBe(3);
      expect(app.application.get(New).calls).toHaveLength(1);
    });

    it('delivers them once, and to no other listener', async () => {
      const replays = app.application.get(Replays);
      const { replayId } = await replays.backfill('new', { ratePerSecond: 1000 });
      const missed = [stored.received, stored.sent, stored.ported];
      for (const id of missed) await waitForListener(app.application, id, 'new', 'done');
      const { calls } = app.application.get(New);
      // Concurrent, so in any order.
      expect(calls.slice(1).sort(byId)).toEqual(
        missed.map((id) => ({ id, reason: 'backfill', replayId })).sort(byId),
      );
      expect(app.application.get(Old).calls).toEqual([`${stored.fresh} initial`]);
      await expect(replays.backfill('new')).resolves.toEqual({ matched: 0, scheduled: 0, replayId: null });
    });

    it('rejects projections and unknown listeners', async () => {
      const replays = app.application.get(Replays);
      await expect(replays.backfill('messages')).rejects.toThrow(/is a projection/);
      await expect(replays.backfill('missing')).rejects.toThrow(/no listener with the name "missing"/);
    });
  });
});

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
