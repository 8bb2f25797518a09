import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Scope } from '@nestjs/common';
import { DeadLetters, Replays } from '../../src/index.js';
import type { MessageReceivedEvent } from '../../src/events/message-received.event.js';
import type { OutboxMessageEntity } from '../../src/outbox/outbox-message.entity.js';
import { ReplyPolicy } from '../../src/replies/reply-policy.js';
import { ReplyRules } from '../../src/replies/rules/reply-rules.js';
import { waitForListener } from '../../src/testing/index.js';
import { OptOutLedger } from '../../src/opt-outs/opt-out-ledger.js';
import { messageBody, startTestApplication } from '../support/test-application.js';
import { waitUntil } from '../support/wait-until.js';
import {
  newNumber,
  OURS,
  startReplyApplication,
  type ReplyApplication,
} from '../support/reply-application.js';

/** Answers messages that begin with its own word. */
abstract class WordPolicy extends ReplyPolicy {
  protected abstract readonly word: string;

  answer({ text }: MessageReceivedEvent): Promise<string | null> {
    return Promise.resolve(text?.startsWith(this.word) ? `${this.constructor.name} answers` : null);
  }
}

@Injectable()
class LowPolicy extends WordPolicy {
  override readonly priority = 50;
  protected readonly word = 'order';
}

@Injectable()
class FirstPolicy extends WordPolicy {
  protected readonly word = 'order 1';
}

@Injectable()
class SecondPolicy extends WordPolicy {
  protected readonly word = 'order 1';
}

@Injectable()
class EmptyPolicy extends ReplyPolicy {
  answer({ text }: MessageReceivedEvent): string | null {
    return text === 'say nothing' ? '  ' : null;
  }
}

type Sent = Pick<OutboxMessageEntity, 'category' | 'text'>;

let app: ReplyApplication;

/** Posts a customer's message and waits until the listener is done. @returns the id of the event. */
async function write(from: string | null, text: string | null, status = 'done' as const): Promise<string> {
  const { id } = await app.post(messageBody('message.received', { from, to: OURS, text }));
  await waitForListener(app.application, id, 'replies', status);
  return id;
}

/** All answers to an event. */
const answersTo = (id: string) =>
  app.database.query<Sent>(
    'SELECT category, text FROM postack.outbox_message WHERE in_reply_to = $1 ORDER BY created_at',
    [id],
  );

const answersOf = async (from: string | null, text: string | null) => answersTo(await write(from, text));
const reply = (text: string): Sent[] => [{ category: 'reply', text }];
const confirmation = (text: string): Sent[] => [{ category: 'confirmation', text }];

describe('AutoRepliesListener', () => {
  let rules: ReplyRules;

  beforeAll(async () => {
    app = await startReplyApplication({
      providers: [LowPolicy, FirstPolicy, SecondPolicy, EmptyPolicy],
      options: { replies: { optOut: { texts: { stop: 'Stopped', start: 'Started', help: 'Helped' } } } },
    });
    rules = app.application.get(ReplyRules);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    for (const { id } of await rules.list()) await rules.remove(id);
  });

  const addHours = () =>
    rules.create({ name: 'Hours', kind: 'keyword', pattern: 'hours', template: 'To {{from}}: 8 to 6' });
  const addDefault = () => rules.create({ name: 'Any', kind: 'default', template: 'Thank you' });

  it('answers once, from the number that was written to, however often the event is delivered', async () => {
    await addHours();
    const customer = newNumber();
    const id = await write(customer, 'Hours?');
    await app.application.get(Replays).replayEvent(id, 'replies');
    await waitForListener(app.application, id, 'replies', 'done');
    await write(newNumber(), 'order');
    expect(
      await app.database.query(
        `SELECT category, from_number, to_number, text, idempotency_key
         FROM postack.outbox_message WHERE in_reply_to = $1`,
        [id],
      ),
    ).toEqual([
      {
        ...{ category: 'reply', from_number: OURS, to_number: customer, text: `To ${customer}: 8 to 6` },
        idempotency_key: `default:${id}:replies`,
      },
    ]);
    await app.message({ to: customer }, ({ state }) => state === 'delivered');
  });

  it('sends nothing when no policy answers', async () => {
    expect(await answersOf(newNumber(), 'hello')).toEqual([]);
  });

  it('takes the answer of the policy with the highest priority', async () => {
    await rules.create({ name: 'Order', kind: 'prefix', pattern: 'order, other', template: 'By rule' });
    await addDefault();
    expect(await answersOf(newNumber(), 'order 1')).toEqual(reply('FirstPolicy answers'));
    expect(await answersOf(newNumber(), 'order 2')).toEqual(reply('LowPolicy answers'));
    expect(await answersOf(newNumber(), 'other')).toEqual(reply('By rule'));
    expect(await answersOf(newNumber(), 'hello')).toEqual(reply('Thank you'));
  });

  it('answers HELP before default rules, unless another rule answers', async () => {
    await addDefault();
    expect(await answersOf(newNumber(), 'help')).toEqual(reply('Helped'));
    await rules.create({ name: 'Help', kind: 'keyword', pattern: 'help', template: 'Ask Anna' });
    expect(await answersOf(newNumber(), 'help')).toEqual(reply('Ask Anna'));
  });

  it('confirms an opt-out once, and sends no other answer', async () => {
    await addDefault();
    const customer = newNumber();
    expect(await answersOf(customer, 'STOP')).toEqual(confirmation('Stopped'));
    expect(await answersOf(customer, 'stop!')).toEqual([]);
  });

  it('confirms an opt-in after an opt-out once, and treats START as an ordinary message otherwise', async () => {
    await addDefault();
    const customer = newNumber();
    expect(await answersOf(customer, 'START')).toEqual(reply('Thank you'));
    await write(customer, 'STOP');
    expect(await answersOf(customer, 'START')).toEqual(reply('Started'));
    expect(await answersOf(customer, 'START')).toEqual(reply('Thank you'));
  });

  it('answers a message that is flagged for review by a rule about it, not by a default one', async () => {
    await addDefault();
    expect(await answersOf(newNumber(), 'please stop texting me')).toEqual([]);
    await rules.create({ name: 'Stop?', kind: 'prefix', pattern: 'please stop', template: 'We will ask' });
    expect(await answersOf(newNumber(), 'please stop texting me')).toEqual(reply('We will ask'));
    expect(await answersOf(newNumber(), 'Liked “Reply STOP to unsubscribe”')).toEqual(reply('Thank you'));
  });

  it('answers no name: the answer is cancelled, with the reason', async () => {
    await addDefault();
    const cancelled = async (text: string) => {
      const id = await write('Acme Shop', text);
      await waitForListener(app.application, id, 'replies', 'done');
      return waitUntil(
        async () => {
          const [row] = await app.database.query<{ status: string; detail: string }>(
            `SELECT status, decision_reason AS detail FROM postack.outbox_message WHERE in_reply_to = $1 AND status <> 'queued'`,
            [id],
          );
          return row;
        },
        { what: () => `an answer to ${text}` },
      );
    };
    const expected = { status: 'cancelled', detail: expect.stringContaining("is a sender's name") };
    expect(await cancelled('Your code is 123456. Do not reply.')).toMatchObject(expected);
    expect(await cancelled('STOP')).toMatchObject(expected);
    expect(await app.application.get(OptOutLedger).isOptedOut('Acme Shop', OURS)).toBe(true);
  });

  it('does not answer a message without sender or text', async () => {
    await addDefault();
    expect(await answersOf(null, 'hello')).toEqual([]);
    for (const text of [null, '', ' \n']) expect(await answersOf(newNumber(), text)).toEqual([]);
  });

  it.each([
    ['empty', '{{^text}}x{{/text}}'],
    ['too long', 'private '.repeat(240)],
  ])(
    'makes an answer that is %s a dead letter that names the rule, but not the text',
    async (_what, template) => {
      await rules.create({ name: 'Wrong', kind: 'keyword', pattern: 'secret', template });
      const { id } = await app.post(messageBody('message.received', { from: newNumber(), text: 'secret' }));
      await waitForListener(app.application, id, 'replies', 'dead');
      const letter = await app.application.get(DeadLetters).find(id, 'replies');
      expect(letter).toMatchObject({ attempts: 1, lastError: { name: 'UnsendableAnswerError' } });
      expect(letter?.lastError?.message).toMatch(/^The answer of the reply rule "Wrong" cannot be sent: ./);
      expect(letter?.lastError?.message).not.toMatch(/private|secret/);
      expect(await answersTo(id)).toEqual([]);
    },
  );

  it('makes an answer of a policy that cannot be sent a dead letter that names the policy', async () => {
    const { id } = await app.post(
      messageBody('message.received', { from: newNumber(), text: 'say nothing' }),
    );
    await waitForListener(app.application, id, 'replies', 'dead');
    const letter = await app.application.get(DeadLetters).find(id, 'replies');
    expect(letter?.lastError?.message).toMatch(/^The answer of EmptyPolicy cannot be sent: ./);
  });
});

describe('AutoRepliesListener, when Postack confirms opt-outs and rules are switched off', () => {
  beforeAll(async () => {
    app = await startReplyApplication({
      providers: [FirstPolicy],
      options: { replies: { rules: false, optOut: { confirmations: 'provider' } } },
    });
    const rules = app.application.get(ReplyRules);
    await rules.create({ name: 'Any', kind: 'default', template: 'By rule' });
    await rules.create({ name: 'Hours', kind: 'keyword', pattern: 'hours', template: 'By rule' });
  });
  afterAll(() => app.close());

  it('does not answer STOP and START', async () => {
    const customer = newNumber();
    expect(await answersOf(customer, 'STOP')).toEqual([]);
    expect(await answersOf(customer, 'START')).toEqual([]);
  });

  it('answers by policies only', async () => {
    expect(await answersOf(newNumber(), 'hours')).toEqual([]);
    expect(await answersOf(newNumber(), 'order 1')).toEqual(reply('FirstPolicy answers'));
  });
});

describe('ReplyPolicies', () => {
  @Injectable({ scope: Scope.REQUEST })
  class RequestPolicy extends WordPolicy {
    protected readonly word = 'x';
  }

  @Injectable()
  class UnrankedPolicy extends WordPolicy {
    override readonly priority = NaN;
    protected readonly word = 'x';
  }

  it.each([
    [RequestPolicy, 'RequestPolicy: request-scoped providers are not supported'],
    [UnrankedPolicy, 'UnrankedPolicy: its priority must be a number'],
  ])('rejects %p at startup, with the reason', async (policy, reason) => {
    const starting = startTestApplication({ providers: [policy] });
    await expect(starting).rejects.toMatchObject({
      code: 'POSTACK_CONFIGURATION_INVALID',
      problems: [expect.stringContaining(reason)],
    });
  });
});
