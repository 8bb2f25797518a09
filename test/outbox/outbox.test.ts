import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ListenerContext, TransactionalListenerContext } from '../../src/listeners/listener-context.js';
import { MessageReceivedEvent } from '../../src/events/message-received.event.js';
import { OnPostackEvent } from '../../src/listeners/on-postack-event.decorator.js';
import type { NewOutboxMessage } from '../../src/outbox/outbox-message.js';
import { waitForListener } from '../../src/testing/index.js';
import { MAGIC_NUMBERS } from '../../src/simulator/index.js';
import {
  newNumber,
  OURS,
  startReplyApplication,
  type ReplyApplication,
} from '../support/reply-application.js';

/** Answers by the text of the message. */
@Injectable()
class Answering {
  calls = 0;

  @OnPostackEvent(MessageReceivedEvent, { name: 'answering', retry: { firstDelayMs: 50 } })
  async onReceived(event: MessageReceivedEvent, { attempt }: ListenerContext): Promise<void> {
    if (event.text === 'empty') await event.reply(' ');
    if (!event.text?.startsWith('plain')) return;
    this.calls += 1;
    await event.reply('first');
    await event.reply('second');
    await event.reply('by name', { key: 'named' });
    if (attempt < 3) throw new Error('the listener fails after it has answered');
  }

  @OnPostackEvent(MessageReceivedEvent, {
    name: 'in-transaction',
    transactional: true,
    retry: { firstDelayMs: 50 },
  })
  async inTransaction(event: MessageReceivedEvent, { attempt }: TransactionalListenerContext): Promise<void> {
    if (!event.text?.startsWith('transaction')) return;
    await event.reply(`attempt ${attempt}`);
    if (attempt < 2) throw new Error('the listener fails, and its answer with it');
  }
}

describe('Outbox', () => {
  let app: ReplyApplication;

  beforeAll(async () => {
    app = await startReplyApplication({ providers: [Answering], options: { replies: { rules: false } } });
  });
  afterAll(() => app.close());

  const message = (change: Partial<NewOutboxMessage> = {}): NewOutboxMessage => ({
    from: OURS,
    to: newNumber(),
    text: 'Your order has been shipped',
    category: 'notification',
    idempotencyKey: randomUUID(),
    ...change,
  });

  it('sends a message and shows its delivery state', async () => {
    const { to, ...rest } = message();
    const { id, isDuplicate } = await app.outbox.enqueue({ to, ...rest });
    expect(isDuplicate).toBe(false);
    const delivered = await app.message({ to }, ({ state }) => state === 'delivered');
    expect(delivered).toMatchObject({
      id,
      status: 'accepted',
      attempts: 1,
      encoding: 'GSM-7',
      segments: 1,
      errorCode: null,
      lastError: null,
    });
    expect(app.postack.messages.filter(({ recipient }) => recipient === to)).toEqual([
      expect.objectContaining({ id: delivered.messageId, text: rest.text }),
    ]);
  });

  it('sends only the first of two messages with the same key', async () => {
    const first = message();
    const [a, b] = await Promise.all([
      app.outbox.enqueue(first),
      app.outbox.enqueue({ ...first, text: 'another text' }),
    ]);
    expect(a.id).toBe(b.id);
    expect([a.isDuplicate, b.isDuplicate].sort()).toEqual([false, true]);
    await app.message({ to: first.to }, ({ state }) => state === 'delivered');
    expect(app.postack.messages.filter(({ recipient }) => recipient === first.to)).toHaveLength(1);
  });

  it("stores in the caller's transaction, and sends nothing when that is rolled back", async () => {
    const rolledBack = message();
    await expect(
      app.dataSource.transaction(async (manager) => {
        await app.outbox.enqueue(rolledBack, { manager });
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    const kept = message();
    await app.dataSource.transaction((manager) => app.outbox.enqueue(kept, { manager }));
    await app.message({ to: kept.to }, ({ state }) => state === 'delivered');
    expect((await app.log.list({ to: rolledBack.to })).items).toEqual([]);
    expect(app.postack.messages.map(({ recipient }) => recipient)).not.toContain(rolledBack.to);
  });

  it('starts a transaction of its own for a manager without one', async () => {
    const sent = message();
    await app.outbox.enqueue(sent, { manager: app.dataSource.manager });
    await app.message({ to: sent.to }, ({ state }) => state === 'delivered');
  });

  it('sends a deferred message also when the clock of this machine is behind', async () => {
    const sent = message({ notBefore: new Date(Date.now() + 500) });
    const now = Date.now;
    Date.now = () => now() - 10_000;
    try {
      await app.outbox.enqueue(sent);
      await app.message({ to: sent.to }, ({ status }) => status === 'accepted');
    } finally {
      Date.now = now;
    }
  });

  it('sends the replies of a listener once, however often the listener is retried', async () => {
    const anna = app.postack.customer(newNumber());
    const { eventId } = await anna.text(OURS, 'plain');
    await waitForListener(app.application, eventId, 'answering', 'done');
    await app.message({ to: anna.number }, ({ text, state }) => text === 'by name' && state === 'delivered');
    await app.message({ to: anna.number }, ({ text, state }) => text === 'second' && state === 'delivered');
    await app.message({ to: anna.number }, ({ text, state }) => text === 'first' && state === 'delivered');
    expect(app.application.get(Answering).calls).toBe(3);
    expect(anna.inbox.map(({ text }) => text).sort()).toEqual(['by name', 'first', 'second']);
    expect((await app.log.list({ to: anna.number })).items[0]).toMatchObject({
      category: 'reply',
      from: OURS,
      inReplyTo: eventId,
    });
  });

  it('rolls back the reply of a transactional listener with its other writes', async () => {
    const ben = app.postack.customer(newNumber());
    const { eventId } = await ben.text(OURS, 'transaction');
    await waitForListener(app.application, eventId, 'in-transaction', 'done');
    await app.message({ to: ben.number }, ({ state }) => state === 'delivered');
    expect((await app.log.list({ to: ben.number })).items.map(({ text }) => text)).toEqual(['attempt 2']);
  });

  it('makes a reply that cannot be sent a dead letter without retries', async () => {
    const { eventId } = await app.postack.customer(newNumber()).text(OURS, 'empty');
    const { attempts, lastError } = await waitForListener(app.application, eventId, 'answering', 'dead');
    expect(attempts).toBe(1);
    expect(lastError).toMatchObject({ name: 'UnsendableTextError' });
  });

  it('rejects a reply outside a listener, and names the alternative', async () => {
    const event = new MessageReceivedEvent(
      {
        id: 'msg_1',
        endpoint: 'default',
        wireType: 'message.received',
        occurredAt: new Date(),
        receivedAt: new Date(),
        payload: {},
      },
      {
        messageId: null,
        from: null,
        to: null,
        text: null,
        status: null,
        errorCode: null,
        errorMessage: null,
        segments: null,
      },
    );
    await expect(event.reply('Hi')).rejects.toMatchObject({
      code: 'POSTACK_REPLY_OUTSIDE_LISTENER',
      message: expect.stringContaining('inject Outbox'),
    });
  });

  it.each([
    ['an invalid recipient', { to: 'Anna' }, '"to" must be a number'],
    ['no sender', { from: '' }, '"from" must be one of your numbers'],
    ['no key', { idempotencyKey: '' }, '"idempotencyKey" must have 1 to 1000 characters'],
    ['an unknown category', { category: 'spam' as 'reply' }, '"category" must be one of reply'],
    ['a confirmation', { category: 'confirmation' as 'reply' }, '"category" must be one of reply'],
    ['an unknown time zone', { timeZone: 'Mars/Olympus' }, '"timeZone" must be an IANA time zone'],
    ['no text', { text: ' ' }, 'empty'],
    ['too long a text', { text: 'a'.repeat(153 * 10 + 1) }, '10'],
  ])('rejects a message with %s, with the reason', async (_what, change, problem) => {
    const stored = () => app.database.query('SELECT id FROM postack.outbox_message');
    const before = await stored();
    await expect(app.outbox.enqueue(message(change))).rejects.toThrow(problem);
    expect(await stored()).toEqual(before);
  });

  it('accepts numbers in any spelling', async () => {
    const to = newNumber();
    const spelled = `${to.slice(0, 2)} (${to.slice(2, 5)}) ${to.slice(5, 8)}-${to.slice(8)}`;
    await app.outbox.enqueue(message({ to: spelled }));
    expect(await app.message({ to }, ({ state }) => state === 'delivered')).toMatchObject({ to });
  });

  it('sends no message before its "notBefore"', async () => {
    const later = message({ notBefore: new Date(Date.now() + 3_600_000) });
    await app.outbox.enqueue(later);
    const sooner = message({ notBefore: new Date(Date.now() + 300) });
    await app.outbox.enqueue(sooner);
    const sent = await app.message({ to: sooner.to }, ({ state }) => state === 'delivered');
    expect(sent.sendingSince!.getTime()).toBeGreaterThanOrEqual(sooner.notBefore!.getTime() - 1000);
    expect((await app.log.list({ to: later.to })).items).toMatchObject([{ status: 'queued', attempts: 0 }]);
  });

  it.each([
    [
      'marks a message as rejected when Postack rejects it permanently',
      MAGIC_NUMBERS.invalidRecipient,
      'rejected',
      'invalid_recipient',
    ],
    ['shows that the carrier could not deliver a message', MAGIC_NUMBERS.landline, 'undelivered', undefined],
    ['shows that a message was never sent', MAGIC_NUMBERS.unregistered, 'failed', undefined],
  ] as const)('%s', async (_what, { number: to }, state, apiCode) => {
    const { id } = await app.outbox.enqueue(message({ to }));
    const settled = await app.message({ to }, (found) => found.id === id && found.state === state);
    expect(settled).toMatchObject(
      apiCode
        ? { status: 'rejected', lastError: { apiCode, action: expect.stringMatching(/\w/) } }
        : { status: 'accepted', errorCode: expect.stringMatching(/^30/) },
    );
  });
});
