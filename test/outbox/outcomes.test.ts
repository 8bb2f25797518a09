import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostackDatabase } from '../../src/database/postack-database.js';
import { MAGIC_NUMBERS } from '../../src/simulator/index.js';
import { OutboxQueries } from '../../src/outbox/outbox-queries.js';
import { openDataSource } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import {
  newNumber,
  OURS,
  startReplyApplication,
  type ReplyApplication,
} from '../support/reply-application.js';

describe('a message to Postack', () => {
  let app: ReplyApplication;

  beforeAll(async () => {
    app = await startReplyApplication({ api: { timeoutMs: 700 }, options: { replies: { rules: false } } });
  });
  afterAll(() => app.close());

  const send = async (to: string, text = `Hello ${randomUUID()}`) => {
    const { id } = await app.outbox.enqueue({
      from: OURS,
      to,
      text,
      category: 'notification',
      idempotencyKey: randomUUID(),
    });
    return { id, text };
  };
  const sentTo = (to: string, text: string) =>
    app.postack.messages.filter((message) => message.recipient === to && message.text === text);

  it.each([
    ['the connection is cut before the answer', MAGIC_NUMBERS.cutOff],
    ['the answer comes too late', MAGIC_NUMBERS.late],
    ['the answer cannot be read', MAGIC_NUMBERS.notJson],
  ])(
    'of which %s is not sent again, but found by what Postack tells of it',
    async (_what, { number: to }) => {
      const { id, text } = await send(to);
      const delivered = await app.message(
        { to },
        (message) => message.id === id && message.state === 'delivered',
      );
      expect(delivered).toMatchObject({ attempts: 1, heldReason: null, lastError: null });
      expect(sentTo(to, text)).toEqual([expect.objectContaining({ id: delivered.messageId })]);
    },
  );

  it('of which two have the same text are told apart when one outcome is unknown', async () => {
    const to = MAGIC_NUMBERS.cutOff.number;
    const text = `Twice ${randomUUID()}`;
    const ids = [(await send(to, text)).id, (await send(to, text)).id];
    const messages = await Promise.all(
      ids.map((id) => app.message({ to }, (message) => message.id === id && message.state === 'delivered')),
    );
    expect(new Set(messages.map(({ messageId }) => messageId))).toEqual(
      new Set(sentTo(to, text).map(({ id }) => id)),
    );
    expect(sentTo(to, text)).toHaveLength(2);
  });

  it('that Postack may have, or not, is held with the reason until a person decides', async () => {
    const { number: to } = MAGIC_NUMBERS.serverError;
    const { id, text } = await send(to);
    const held = await app.message({ to }, (message) => message.id === id && message.state === 'held');
    expect(held).toMatchObject({ heldReason: 'unknown-outcome', attempts: 1 });
    expect(held.heldDetail).toMatch(/Postack may have it, or not.*look for it at Postack/);
    expect(held.lastError).toMatchObject({ code: 'POSTACK_API_SERVER_ERROR' });
    expect(JSON.stringify(held.lastError)).not.toContain(text);

    await app.held.release(id, 'it is not there');
    const again = await app.message({ to }, (message) => message.id === id && message.attempts === 2);
    expect(again.decisionReason).toBe('it is not there');
    await app.message({ to }, (message) => message.id === id && message.state === 'held');
  });

  it('that a person has found at Postack is joined with its delivery', async () => {
    const { id } = await send(MAGIC_NUMBERS.serverError.number);
    await app.message({}, (message) => message.id === id && message.state === 'held');
    const other = await send(newNumber());
    const delivered = await app.message(
      {},
      (message) => message.id === other.id && message.state === 'delivered',
    );
    await expect(app.held.accept(id, delivered.messageId!)).rejects.toThrow(
      `is the outbound message ${other.id}`,
    );
    expect(await app.held.accept(id, 'SM-found-by-hand')).toMatchObject({
      status: 'accepted',
      state: 'accepted',
      messageId: 'SM-found-by-hand',
    });
    await expect(app.held.cancel(id, 'too late')).rejects.toMatchObject({
      code: 'POSTACK_OUTBOX_MESSAGE_STATE',
    });
  });

  it.each([
    ['is away for a moment', MAGIC_NUMBERS.unavailableOnce],
    ['gets too many', MAGIC_NUMBERS.rateLimitedOnce],
  ])('is sent again when Postack %s, since it does not have it', async (_what, { number: to }) => {
    const { id, text } = await send(to);
    const delivered = await app.message(
      { to },
      (message) => message.id === id && message.state === 'delivered',
    );
    expect(delivered.attempts).toBe(2);
    expect(sentTo(to, text)).toHaveLength(1);
  });

  it('waits, with the reason, while Postack is away; and may be cancelled', async () => {
    await app.postack.api.down('refused');
    try {
      const { id } = await send(newNumber());
      const waiting = await app.message({}, (message) => message.id === id && message.lastError !== null);
      expect(waiting).toMatchObject({ status: 'queued', lastError: { code: 'POSTACK_API_UNREACHABLE' } });
      expect(waiting.notBefore!.getTime()).toBeGreaterThan(Date.now());
      expect(await app.held.cancel(id, 'no longer of interest')).toMatchObject({
        state: 'cancelled',
        decisionReason: 'no longer of interest',
      });
    } finally {
      await app.postack.api.up();
    }
  });

  it('is told of also when the first receipt comes before the answer to the request is recorded', async () => {
    const to = MAGIC_NUMBERS.cutOff.number;
    const { id } = await send(to);
    // Here the receipt is even the first that is heard of it.
    const accepted = await app.message({ to }, (message) => message.id === id && message.messageId !== null);
    expect(accepted.state).not.toBe('accepted');
  });
});

describe('a message that Postack has certainly refused', () => {
  it('stays queued when its process is told to stop before the next attempt', async () => {
    const app = await startReplyApplication({ options: { replies: { rules: false } } });
    const database = await openDataSource(app.database.url, { poolSize: 1 });
    try {
      await app.postack.api.down();
      const message = { from: OURS, to: newNumber(), text: 'Hi', category: 'notification' } as const;
      await app.outbox.enqueue({ ...message, idempotencyKey: randomUUID() });
      await waitUntil(() => app.postack.requests.length > 0 || undefined, {
        what: () => 'the first attempt',
      });
      await app.application.close();
      expect((await new OutboxQueries(new PostackDatabase(database)).list()).items).toMatchObject([
        { status: 'queued', heldReason: null },
      ]);
    } finally {
      await database.destroy();
      await app.close();
    }
  });
});
