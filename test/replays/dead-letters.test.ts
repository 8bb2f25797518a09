import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  type DeadLetter,
  DeadLetterNotFoundError,
  DeadLetters,
  DeadLetterStateError,
  type ListenerContext,
  type MessageFailedEvent,
  type MessageSentEvent,
  OnPostackEvent,
  type Page,
  PermanentError,
  PostackProjection,
  Replays,
} from '../../src/index.js';
import { waitForEvent, waitForListener } from '../../src/testing/index.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';

@Injectable()
class Failing {
  isFixed = false;
  readonly calls: string[] = [];

  @OnPostackEvent(['message.failed', 'message.sent'], { name: 'failing' })
  on(event: MessageFailedEvent | MessageSentEvent, { reason, replayId, attempt }: ListenerContext): void {
    this.calls.push(`${event.id} ${reason} ${attempt} ${replayId === null ? '-' : 'replay'}`);
    if (!this.isFixed) throw new PermanentError(`The CRM does not know ${event.messageId}`);
  }

  @PostackProjection('message.delivered', { name: 'poisoned', retry: { attempts: 2, firstDelayMs: 10 } })
  project(): Promise<void> {
    if (this.isFixed) return Promise.resolve();
    throw new RangeError('out of range');
  }
}

describe('DeadLetters', () => {
  let app: TestApplication;
  let failing: Failing;
  let deadLetters: DeadLetters;

  beforeAll(async () => {
    app = await startTestApplication({ providers: [Failing] });
    failing = app.application.get(Failing);
    deadLetters = app.application.get(DeadLetters);
  });
  afterAll(() => app.close());

  const isDead = ({ status }: { status: string }) => status === 'dead';
  const isDone = ({ status }: { status: string }) => status === 'done';
  async function dead(type: string): Promise<string> {
    failing.isFixed = false;
    const { id } = await app.post(messageBody(type));
    await waitForEvent(app.application, id, isDead);
    return id;
  }
  const ids = ({ items }: Page<DeadLetter>) => items.map(({ eventId }) => eventId);

  it('lists dead letters, newest event first, by listener, type and time, page by page', async () => {
    const sent = await dead('message.sent');
    const failed = await dead('message.failed');
    const delivered = await dead('message.delivered');
    expect(ids(await deadLetters.list())).toEqual([delivered, failed, sent]);
    expect(ids(await deadLetters.list({ listener: 'failing' }))).toEqual([failed, sent]);
    expect(ids(await deadLetters.list({ type: 'message.failed' }))).toEqual([failed]);
    await app.database.query(
      `UPDATE postack.inbox_event SET received_at = '2026-01-31T08:00:00Z' WHERE svix_id = $1`,
      [sent],
    );
    expect(ids(await deadLetters.list({ until: new Date('2026-01-31T08:00:00.001Z') }))).toEqual([sent]);
    expect(ids(await deadLetters.list({ since: new Date('2026-02-01') }))).toEqual([delivered, failed]);

    const first = await deadLetters.list({ limit: 2 });
    const second = await deadLetters.list({ limit: 2, cursor: first.nextCursor! });
    expect([...ids(first), ...ids(second)]).toEqual([delivered, failed, sent]);
    expect(second.nextCursor).toBeNull();
  });

  it('finds one with its payload, first error and last error', async () => {
    const body = messageBody('message.delivered');
    const { id } = await app.post(body);
    await waitForEvent(app.application, id, isDead);
    const failure = { name: 'RangeError', message: 'out of range' };
    await expect(deadLetters.find(id, 'poisoned')).resolves.toMatchObject({
      eventId: id,
      handler: 'poisoned',
      kind: 'projection',
      status: 'dead',
      type: 'message.delivered',
      payload: body,
      reason: 'initial',
      attempts: 2,
      firstError: failure,
      lastError: failure,
      discardReason: null,
    });
    expect(await deadLetters.find(id, 'failing')).toBeNull();
    expect(await deadLetters.find('msg_missing', 'poisoned')).toBeNull();
  });

  it('redrives one with all its attempts', async () => {
    const id = await dead('message.failed');
    const other = await dead('message.failed');
    failing.isFixed = true;
    await deadLetters.redrive(id, 'failing');
    await expect(waitForEvent(app.application, id, isDone)).resolves.toMatchObject({
      listeners: expect.arrayContaining([
        expect.objectContaining({ name: 'failing', status: 'done', attempts: 1, reason: 'redrive' }),
      ]),
    });
    expect(failing.calls.filter((call) => call.startsWith(id))).toEqual([
      `${id} initial 1 -`,
      `${id} redrive 1 -`,
    ]);
    expect(await deadLetters.find(id, 'failing')).toBeNull();
    expect(await deadLetters.find(other, 'failing')).toMatchObject({ status: 'dead' });
  });

  it('keeps the first error when a redrive fails', async () => {
    const id = await dead('message.failed');
    const before = await deadLetters.find(id, 'failing');
    await deadLetters.redrive(id, 'failing');
    const again = await waitForListener(app.application, id, 'failing', 'dead');
    expect(again).toMatchObject({ reason: 'redrive', firstError: before!.firstError });
    expect(again.lastError!.at > before!.lastError!.at).toBe(true);
  });

  it('redrives dead letters of projections', async () => {
    const id = await dead('message.delivered');
    failing.isFixed = true;
    await deadLetters.redrive(id, 'poisoned');
    await expect(waitForEvent(app.application, id, isDone)).resolves.toMatchObject({
      projections: expect.arrayContaining([expect.objectContaining({ name: 'poisoned', status: 'done' })]),
    });
  });

  it('discards one with a reason, keeps it, and can still redrive it', async () => {
    const id = await dead('message.failed');
    await deadLetters.discard(id, 'failing', 'A test number');
    expect(await waitForEvent(app.application, id)).toMatchObject({ status: 'done' });
    expect(ids(await deadLetters.list())).not.toContain(id);
    expect(await deadLetters.find(id, 'failing')).toMatchObject({
      status: 'discarded',
      discardReason: 'A test number',
      lastError: { name: 'PermanentError' },
    });
    await expect(deadLetters.discard(id, 'failing', 'again')).rejects.toThrow(/its status is discarded$/);
    failing.isFixed = true;
    await deadLetters.redrive(id, 'failing');
    await waitForListener(app.application, id, 'failing', 'done');
    await expect(deadLetters.redrive(id, 'failing')).rejects.toThrow(DeadLetterStateError);
    await expect(deadLetters.redrive('msg_missing', 'failing')).rejects.toThrow(DeadLetterNotFoundError);
  });

  it('redrives by filter, as a job that affects only dead letters', async () => {
    const failed = [await dead('message.failed'), await dead('message.failed')];
    const discarded = await dead('message.failed');
    await deadLetters.discard(discarded, 'failing', 'not needed');
    const sent = await dead('message.sent');
    const replays = app.application.get(Replays);
    const filter = { listener: 'failing', type: 'message.failed' };
    const { matched } = await replays.redrive({ ...filter, dryRun: true });
    expect(ids(await deadLetters.list(filter))).toEqual(expect.arrayContaining(failed));
    failing.isFixed = true;
    const receipt = await replays.redrive({ ...filter, ratePerSecond: 1000 });
    expect(receipt).toMatchObject({ matched, scheduled: matched });
    for (const id of failed) await waitForEvent(app.application, id, isDone, { timeoutMs: 20_000 });
    expect(failing.calls).toEqual(expect.arrayContaining(failed.map((id) => `${id} redrive 1 replay`)));
    expect(await deadLetters.list(filter)).toEqual({ items: [], nextCursor: null });
    expect(await replays.find(receipt.replayId!)).toMatchObject({ kind: 'redrive', scheduled: matched });
    expect(await deadLetters.find(discarded, 'failing')).toMatchObject({ status: 'discarded' });
    expect(await deadLetters.find(sent, 'failing')).toMatchObject({ status: 'dead' });
  });

  it('lists and discards those of a removed listener, but does not redrive them', async () => {
    const id = await dead('message.failed');
    await app.database.query(
      `UPDATE postack.delivery SET handler = 'removed'
       WHERE handler = 'failing' AND event_id = (SELECT id FROM postack.inbox_event WHERE svix_id = $1)`,
      [id],
    );
    const without = await startTestApplication({ database: app.database, options: { role: 'accept' } });
    try {
      const other = without.application.get(DeadLetters);
      expect((await other.list()).items).toContainEqual(
        expect.objectContaining({ eventId: id, handler: 'removed', kind: null }),
      );
      await expect(other.redrive(id, 'removed')).rejects.toThrow(
        /no listener or projection "removed" any more: restore it, or discard/,
      );
      await other.discard(id, 'removed', 'gone');
      expect(await other.find(id, 'removed')).toMatchObject({ status: 'discarded', discardReason: 'gone' });
    } finally {
      await without.close();
    }
  });
});
