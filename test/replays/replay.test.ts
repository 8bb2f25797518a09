import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  type AnyPostackEvent,
  EventNotFoundError,
  EventNotReplayableError,
  InvalidReplayError,
  type ListenerContext,
  type MessageReceivedEvent,
  OnPostackEvent,
  type Replay,
  Replays,
  type ReplayState,
  ReplayStateError,
} from '../../src/index.js';
import { waitForEvent } from '../../src/testing/index.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';
import { waitUntil } from '../support/wait-until.js';

interface Call {
  listener: string;
  id: string;
  reason: string;
  replayId: string | null;
  attempt: number;
}

@Injectable()
class Listeners {
  readonly calls: Call[] = [];

  @OnPostackEvent('*', { name: 'everything' })
  onAny(event: AnyPostackEvent, context: ListenerContext): void {
    this.#note(event, context);
  }

  @OnPostackEvent('message.received', { name: 'received', ordered: 'conversation' })
  onReceived(event: MessageReceivedEvent, context: ListenerContext): void {
    this.#note(event, context);
  }

  #note({ id }: AnyPostackEvent, { listener, reason, replayId, attempt }: ListenerContext): void {
    this.calls.push({ listener, id, reason, replayId, attempt });
  }
}

describe('Replays', () => {
  let app: TestApplication;
  let calls: Call[];
  let replays: Replays;

  beforeAll(async () => {
    app = await startTestApplication({ providers: [Listeners] });
    calls = app.application.get(Listeners).calls;
    replays = app.application.get(Replays);
  });
  afterAll(() => app.close());

  const isDone = ({ status }: { status: string }) => status === 'done';
  /** Posts events of a type and waits until their listeners are done. */
  async function post(count: number, type: string): Promise<string[]> {
    const posts = await Promise.all(Array.from({ length: count }, () => app.post(messageBody(type))));
    for (const { id } of posts) await waitForEvent(app.application, id, isDone);
    return posts.map(({ id }) => id);
  }
  const replayed = (ids: readonly string[]) =>
    calls.filter(({ id, reason }) => ids.includes(id) && reason === 'replay');
  async function reaches(id: string | null, state: ReplayState): Promise<Replay> {
    let replay: Replay | null = null;
    return waitUntil(
      async () => {
        replay = await replays.find(id!);
        return replay?.state === state ? replay : undefined;
      },
      { what: () => `${state}: ${JSON.stringify(replay)}`, timeoutMs: 30_000 },
    );
  }
  const waitForReplayed = (ids: readonly string[], count: number) =>
    waitUntil(() => replayed(ids).length >= count || undefined, {
      what: () => JSON.stringify(replayed(ids)),
    });

  describe('replaying one event', () => {
    it('delivers it to every subscribed listener at once, with the reason replay', async () => {
      const ids = await post(1, 'message.received');
      await expect(replays.replayEvent(ids[0]!)).resolves.toEqual({
        matched: 1,
        scheduled: 1,
        replayId: null,
      });
      await waitForReplayed(ids, 2);
      const event = await waitForEvent(app.application, ids[0]!, isDone);
      expect(event.listeners.map(({ name, reason }) => [name, reason]).sort()).toEqual([
        ['everything', 'replay'],
        ['received', 'replay'],
      ]);
      expect(calls.filter(({ id }) => id === ids[0]).map((call) => call.reason)).toEqual([
        'initial',
        'initial',
        'replay',
        'replay',
      ]);
    });

    it('delivers it only to the given listener', async () => {
      const ids = await post(1, 'message.received');
      await replays.replayEvent(ids[0]!, 'everything');
      await waitForReplayed(ids, 1);
      await waitForEvent(app.application, ids[0]!, isDone);
      expect(replayed(ids)).toEqual([
        { listener: 'everything', id: ids[0], reason: 'replay', replayId: null, attempt: 1 },
      ]);
    });

    it('rejects an event that cannot be replayed, with the reason', async () => {
      await expect(replays.replayEvent('msg_missing')).rejects.toThrow(EventNotFoundError);
      const { id: quarantined } = await app.post('no event');
      await expect(replays.replayEvent(quarantined)).rejects.toThrow(/quarantined/);
      const [sent, old] = await post(2, 'message.sent');
      await expect(replays.replayEvent(sent!, 'received')).rejects.toThrow(
        /has the type "message.sent", to which the listener "received" does not subscribe$/,
      );
      await expect(replays.replayEvent(sent!, 'missing')).rejects.toThrow(InvalidReplayError);
      await expect(replays.replayEvent(sent!, 'messages')).rejects.toThrow(/is a projection/);
      await app.database.query('UPDATE postack.inbox_event SET body = NULL WHERE svix_id = $1', [old]);
      await expect(replays.replayEvent(old!)).rejects.toThrow(EventNotReplayableError);
      expect(replayed([quarantined, sent!, old!])).toEqual([]);
    });
  });

  describe('replaying many events', () => {
    it('only counts in a dry run', async () => {
      const ids = await post(3, 'message.queued');
      await expect(replays.replay({ type: 'message.queued', dryRun: true })).resolves.toEqual({
        matched: 3,
        scheduled: 0,
        replayId: null,
      });
      expect((await replays.list()).items).toEqual([]);
      expect(replayed(ids)).toEqual([]);
    });

    it('filters by type, status, time and listener, and leaves out events without payload', async () => {
      const ids = await post(4, 'message.failed');
      const matched = async (filter: object) =>
        (await replays.replay({ type: 'message.failed', ...filter, dryRun: true })).matched;
      await app.database.query(
        `UPDATE postack.inbox_event SET received_at = '2026-01-31T08:00:00Z' WHERE svix_id = $1`,
        [ids[0]],
      );
      await app.database.query('UPDATE postack.inbox_event SET body = NULL WHERE svix_id = $1', [ids[3]]);
      expect(await matched({})).toBe(3);
      expect(await matched({ type: 'number.ported' })).toBe(0);
      expect(await matched({ status: 'done' })).toBe(3);
      expect(await matched({ status: 'dead' })).toBe(0);
      expect(await matched({ until: new Date('2026-01-31T08:00:00Z') })).toBe(0);
      expect(await matched({ until: new Date('2026-01-31T08:00:00.001Z') })).toBe(1);
      expect(await matched({ since: new Date('2026-01-31T08:00:00.001Z') })).toBe(2);
      expect(await matched({ listener: 'everything' })).toBe(3);
      // Not subscribed to this type.
      expect(await matched({ listener: 'received' })).toBe(0);
    });

    it('delivers each event once more, and ends', async () => {
      const ids = await post(30, 'message.delivered');
      const receipt = await replays.replay({ type: 'message.delivered', ratePerSecond: 100 });
      expect(receipt).toEqual({ matched: 30, scheduled: 30, replayId: expect.any(String) });
      const done = await reaches(receipt.replayId, 'done');
      expect(done).toMatchObject({ kind: 'replay', matched: 30, scheduled: 30, error: null });
      await waitForReplayed(ids, 30);
      for (const id of ids) await waitForEvent(app.application, id, isDone);
      expect(
        replayed(ids)
          .map(({ id }) => id)
          .sort(),
      ).toEqual([...ids].sort());
      expect(new Set(replayed(ids).map(({ replayId }) => replayId))).toEqual(new Set([receipt.replayId]));
    });

    it('keeps its rate, stops while paused, continues where it was, and ends when cancelled', async () => {
      const ids = await post(60, 'message.undelivered');
      const filter = { type: 'message.undelivered', listener: 'everything', ratePerSecond: 10 };
      const startedAt = performance.now();
      const { replayId } = await replays.replay(filter);
      await waitForReplayed(ids, 5);
      expect(await replays.pause(replayId!)).toMatchObject({ state: 'paused' });
      const { scheduled } = (await replays.find(replayId!))!;
      // No more than the rate allows, plus one chunk.
      expect(scheduled).toBeLessThanOrEqual(((performance.now() - startedAt) / 1000) * 10 + 5);
      expect(scheduled).toBeLessThan(60);
      await waitForReplayed(ids, scheduled);

      // Another replay runs meanwhile; the paused one makes no progress.
      const { replayId: other } = await replays.replay({ ...filter, ratePerSecond: 1000 });
      await reaches(other, 'done');
      expect(await replays.find(replayId!)).toMatchObject({ state: 'paused', scheduled });

      await replays.resume(replayId!);
      const byFirst = () => replayed(ids).filter((call) => call.replayId === replayId).length;
      await waitUntil(() => byFirst() > scheduled || undefined, { what: () => `more than ${scheduled}` });
      const cancelled = await replays.cancel(replayId!);
      expect(cancelled.state).toBe('cancelled');
      expect(cancelled.scheduled).toBeLessThan(60);
      for (const id of ids) await waitForEvent(app.application, id, isDone);
      expect(byFirst()).toBe(cancelled.scheduled);
      await expect(replays.resume(replayId!)).rejects.toThrow(ReplayStateError);
      await expect(replays.pause(other!)).rejects.toThrow(/has ended: it is done/);
      expect((await replays.find(replayId!))?.scheduled).toBe(cancelled.scheduled);
    });

    it('reports its last error while it is stalled, and continues when the cause is fixed', async () => {
      const ids = await post(2, 'number.released');
      await app.database.query('ALTER TABLE postack.delivery RENAME TO delivery_away');
      await app.database.query(
        `INSERT INTO postack.replay (id, kind, state, endpoint, rate_per_second, last_event_id, matched, type)
         VALUES (gen_random_uuid(), 'replay', 'paused', 'default', 1000, 1000000, 2, 'number.released')`,
      );
      const [paused] = (await replays.list()).items;
      await replays.resume(paused!.id);
      await waitUntil(async () => (await replays.find(paused!.id))?.error ?? undefined, {
        what: () => 'an error',
      });
      expect(await replays.find(paused!.id)).toMatchObject({
        state: 'running',
        error: expect.stringContaining('delivery'),
      });
      await app.database.query('ALTER TABLE postack.delivery_away RENAME TO delivery');
      expect(await reaches(paused!.id, 'done')).toMatchObject({ error: null, scheduled: 2 });
      await waitForReplayed(ids, 2);
    });

    it('lists replays, newest first, page by page', async () => {
      const { items } = await replays.list();
      expect(items.length).toBeGreaterThanOrEqual(4);
      const first = await replays.list({ limit: 2 });
      const second = await replays.list({ limit: 500, cursor: first.nextCursor! });
      expect([...first.items, ...second.items]).toEqual(items);
      expect(second.nextCursor).toBeNull();
      const created = items.map(({ createdAt }) => createdAt.getTime());
      expect(created).toEqual([...created].sort((a, b) => b - a));
    });

    it('rejects projections, unknown listeners and rates out of range', async () => {
      await expect(replays.replay({ listener: 'messages' })).rejects.toThrow(/is a projection/);
      await expect(replays.replay({ listener: 'missing' })).rejects.toThrow(InvalidReplayError);
      for (const ratePerSecond of [0, 1.5, 10_001, NaN]) {
        await expect(replays.replay({ ratePerSecond })).rejects.toThrow(/^ratePerSecond must be/);
      }
    });
  });
});
