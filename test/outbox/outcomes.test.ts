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

describe('OutboxDelivery', () => {
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
    ['the connection breaks before the response', MAGIC_NUMBERS.cutOff],
    ['the response comes too late', MAGIC_NUMBERS.late],
    ['the response is not JSON', MAGIC_NUMBERS.notJson],
  ])(
    "does not send a message again when %s, but matches it to Postack's events",
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

  it('tells two messages of the same text apart when one outcome is unknown', async () => {
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

  it('holds a message of unknown outcome, with the reason, until an operator decides', async () => {
    const { number: to } = MAGIC_NUMBERS.serverError;
    const { id, text } = await send(to);
    const held = await app.message({ to }, (message) => message.id === id && message.state === 'held');
    expect(held).toMatchObject({ heldReason: 'unknown-outcome', attempts: 1 });
    expect(held.heldDetail).toMatch(/Postack may or may not have the message.*look for it at Postack/);
    expect(held.lastError).toMatchObject({ code: 'POSTACK_API_SERVER_ERROR' });
    expect(JSON.stringify(held.lastError)).not.toContain(text);

    await app.held.release(id, 'it is not there');
    const again = await app.message({ to }, (message) => message.id === id && message.attempts === 2);
    expect(again.decisionReason).toBe('it is not there');
    await app.message({ to }, (message) => message.id === id && message.state === 'held');
  });

  it('takes the id of a message that an operator has found at Postack', async () => {
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
    ['is unavailable once', MAGIC_NUMBERS.unavailableOnce],
    ['limits the request rate once', MAGIC_NUMBERS.rateLimitedOnce],
  ])(
    'sends a message again when Postack %s, since Postack does not have it',
    async (_what, { number: to }) => {
      const { id, text } = await send(to);
      const delivered = await app.message(
        { to },
        (message) => message.id === id && message.state === 'delivered',
      );
      expect(delivered.attempts).toBe(2);
      expect(sentTo(to, text)).toHaveLength(1);
    },
  );

  it('keeps a message queued, with the reason, while Postack is unreachable; it can be cancelled', async () => {
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

  it('uses a receipt that arrives before the response to the request is recorded', async () => {
    const to = MAGIC_NUMBERS.cutOff.number;
    const { id } = await send(to);
    // Here the receipt is even the only sign that Postack has the message.
    const accepted = await app.message({ to }, (message) => message.id === id && message.messageId !== null);
    expect(accepted.state).not.toBe('accepted');
  });
});

describe('OutboxSender', () => {
  it('leaves a message that Postack has certainly not accepted queued when its process stops', async () => {
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
