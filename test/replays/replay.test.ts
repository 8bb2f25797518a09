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

describe('replay', () => {
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
  /** Posts events of a type of their own and waits until their listeners have had them. */
  async function post(count: number, type: string): Promise<string[]> {
    const posts = await Promise.all(Array.from({ length: count }, () => app.post(messageBody(type))));
    for (const { id } of posts) await waitForEvent(app.application, id, isDone);
    return posts.map(({ id }) => id);
  }
  const again = (ids: readonly string[]) =>
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
  const hadAgain = (ids: readonly string[], count: number) =>
    waitUntil(() => again(ids).length >= count || undefined, { what: () => JSON.stringify(again(ids)) });

  describe('of one event', () => {
    it('reaches every subscribed listener at once, told apart from the first delivery', async () => {
      const ids = await post(1, 'message.received');
      await expect(replays.replayEvent(ids[0]!)).resolves.toEqual({
        matched: 1,
        scheduled: 1,
        replayId: null,
      });
      await hadAgain(ids, 2);
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

    it('reaches only the listener that is named', async () => {
      const ids = await post(1, 'message.received');
      await replays.replayEvent(ids[0]!, 'everything');
      await hadAgain(ids, 1);
      await waitForEvent(app.application, ids[0]!, isDone);
      expect(again(ids)).toEqual([
        { listener: 'everything', id: ids[0], reason: 'replay', replayId: null, attempt: 1 },
      ]);
    });

    it('is refused, with the reason, for what cannot be replayed', async () => {
      await expect(replays.replayEvent('msg_missing')).rejects.toThrow(EventNotFoundError);
      const { id: quarantined } = await app.post('no event');
      await expect(replays.replayEvent(quarantined)).rejects.toThrow(/quarantined/);
      const [sent, old] = await post(2, 'message.sent');
      await expect(replays.replayEvent(sent!, 'received')).rejects.toThrow(
        /is of the type "message.sent", to which the listener "received" is not subscribed$/,
      );
      await expect(replays.replayEvent(sent!, 'nobody')).rejects.toThrow(InvalidReplayError);
      await expect(replays.replayEvent(sent!, 'messages')).rejects.toThrow(/is a projection/);
      await app.database.query('UPDATE postack.inbox_event SET body = NULL WHERE svix_id = $1', [old]);
      await expect(replays.replayEvent(old!)).rejects.toThrow(EventNotReplayableError);
      expect(again([quarantined, sent!, old!])).toEqual([]);
    });
  });

  describe('of many events', () => {
    it('counts and changes nothing when it is a dry run', async () => {
      const ids = await post(3, 'message.queued');
      await expect(replays.replay({ type: 'message.queued', dryRun: true })).resolves.toEqual({
        matched: 3,
        scheduled: 0,
        replayId: null,
      });
      expect((await replays.list()).items).toEqual([]);
      expect(again(ids)).toEqual([]);
    });

    it('takes type, status, time and listener into account, and leaves out what has no body', async () => {
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

    it('hands each of them out once more, and ends', async () => {
      const ids = await post(30, 'message.delivered');
      const receipt = await replays.replay({ type: 'message.delivered', ratePerSecond: 100 });
      expect(receipt).toEqual({ matched: 30, scheduled: 30, replayId: expect.any(String) });
      const done = await reaches(receipt.replayId, 'done');
      expect(done).toMatchObject({ kind: 'replay', matched: 30, scheduled: 30, error: null });
      await hadAgain(ids, 30);
      for (const id of ids) await waitForEvent(app.application, id, isDone);
      expect(
        again(ids)
          .map(({ id }) => id)
          .sort(),
      ).toEqual([...ids].sort());
      expect(new Set(again(ids).map(({ replayId }) => replayId))).toEqual(new Set([receipt.replayId]));
    });

    it('keeps to its rate, rests while it is paused, goes on where it was, and ends when cancelled', async () => {
      const ids = await post(60, 'message.undelivered');
      const filter = { type: 'message.undelivered', listener: 'everything', ratePerSecond: 10 };
      const startedAt = performance.now();
      const { replayId } = await replays.replay(filter);
      await hadAgain(ids, 5);
      expect(await replays.pause(replayId!)).toMatchObject({ state: 'paused' });
      const { scheduled } = (await replays.find(replayId!))!;
      // Not more than the rate allows, the first chunk's share of the start included.
      expect(scheduled).toBeLessThanOrEqual(((performance.now() - startedAt) / 1000) * 10 + 5);
      expect(scheduled).toBeLessThan(60);
      await hadAgain(ids, scheduled);

      // Another one comes and goes; the paused one has not moved.
      const { replayId: other } = await replays.replay({ ...filter, ratePerSecond: 1000 });
      await reaches(other, 'done');
      expect(await replays.find(replayId!)).toMatchObject({ state: 'paused', scheduled });

      await replays.resume(replayId!);
      const byFirst = () => again(ids).filter((call) => call.replayId === replayId).length;
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

    it('says what keeps it from getting on, and gets on when that is mended', async () => {
      const ids = await post(2, 'number.released');
      await app.database.query('ALTER TABLE postack.handler_outcome RENAME TO handler_outcome_away');
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
        error: expect.stringContaining('handler_outcome'),
      });
      await app.database.query('ALTER TABLE postack.handler_outcome_away RENAME TO handler_outcome');
      expect(await reaches(paused!.id, 'done')).toMatchObject({ error: null, scheduled: 2 });
      await hadAgain(ids, 2);
    });

    it('is listed, newest first, page by page', async () => {
      const { items } = await replays.list();
      expect(items.length).toBeGreaterThanOrEqual(4);
      const first = await replays.list({ limit: 2 });
      const second = await replays.list({ limit: 500, cursor: first.nextCursor! });
      expect([...first.items, ...second.items]).toEqual(items);
      expect(second.nextCursor).toBeNull();
      const created = items.map(({ createdAt }) => createdAt.getTime());
      expect(created).toEqual([...created].sort((a, b) => b - a));
    });

    it('is refused for projections, unknown listeners and impossible rates', async () => {
      await expect(replays.replay({ listener: 'messages' })).rejects.toThrow(/is a projection/);
      await expect(replays.replay({ listener: 'nobody' })).rejects.toThrow(InvalidReplayError);
      for (const ratePerSecond of [0, 1.5, 10_001, NaN]) {
        await expect(replays.replay({ ratePerSecond })).rejects.toThrow(/^ratePerSecond must be/);
      }
    });
  });
});
