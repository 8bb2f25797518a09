import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Scope } from '@nestjs/common';
import { DeadLetters, Replays } from '../../src/index.js';
import type { MessageReceivedEvent } from '../../src/events/message-received.event.js';
import type { OutboxMessageEntity } from '../../src/outbox/outbox-message.entity.js';
import { ReplyPolicy } from '../../src/replies/reply-policy.js';
import { ReplyRules } from '../../src/replies/rules/reply-rules.js';
import { waitForListener } from '../../src/testing/index.js';
import { messageBody, startTestApplication } from '../support/test-application.js';
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

/** What came of a message, in short. */
type Sent = Pick<OutboxMessageEntity, 'category' | 'text'>;

let app: ReplyApplication;

/** Writes as a customer does, and waits for the listener to be done. @returns the event's id. */
async function write(from: string | null, text: string | null, status = 'done' as const): Promise<string> {
  const { id } = await app.post(messageBody('message.received', { from, to: OURS, text }));
  await waitForListener(app.application, id, 'replies', status);
  return id;
}

/** All that answers an event. */
const answersTo = (id: string) =>
  app.database.query<Sent>(
    'SELECT category, text FROM postack.outbox_message WHERE in_reply_to = $1 ORDER BY created_at',
    [id],
  );

const answersOf = async (from: string | null, text: string | null) => answersTo(await write(from, text));
const reply = (text: string): Sent[] => [{ category: 'reply', text }];
const confirmation = (text: string): Sent[] => [{ category: 'confirmation', text }];

describe('a message', () => {
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

  it('is answered once, from the number that was written to, however often it is handed out', async () => {
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

  it('is left alone when nobody has an answer', async () => {
    expect(await answersOf(newNumber(), 'hello')).toEqual([]);
  });

  it('is answered by the policy of the highest priority that has an answer', async () => {
    await rules.create({ name: 'Order', kind: 'prefix', pattern: 'order, other', template: 'By rule' });
    await addDefault();
    expect(await answersOf(newNumber(), 'order 1')).toEqual(reply('FirstPolicy answers'));
    expect(await answersOf(newNumber(), 'order 2')).toEqual(reply('LowPolicy answers'));
    expect(await answersOf(newNumber(), 'other')).toEqual(reply('By rule'));
    expect(await answersOf(newNumber(), 'hello')).toEqual(reply('Thank you'));
  });

  it('that asks for help gets it, rather than a default answer, unless a rule answers it', async () => {
    await addDefault();
    expect(await answersOf(newNumber(), 'help')).toEqual(reply('Helped'));
    await rules.create({ name: 'Help', kind: 'keyword', pattern: 'help', template: 'Ask Anna' });
    expect(await answersOf(newNumber(), 'help')).toEqual(reply('Ask Anna'));
  });

  it('that opts out gets one confirmation, and never another answer', async () => {
    await addDefault();
    const customer = newNumber();
    expect(await answersOf(customer, 'STOP')).toEqual(confirmation('Stopped'));
    expect(await answersOf(customer, 'stop!')).toEqual([]);
  });

  it('that opts in again gets one confirmation, and is an ordinary message otherwise', async () => {
    await addDefault();
    const customer = newNumber();
    expect(await answersOf(customer, 'START')).toEqual(reply('Thank you'));
    await write(customer, 'STOP');
    expect(await answersOf(customer, 'START')).toEqual(reply('Started'));
    expect(await answersOf(customer, 'START')).toEqual(reply('Thank you'));
  });

  it('that a person has to read is answered meanwhile', async () => {
    await addDefault();
    expect(await answersOf(newNumber(), 'please stop texting me')).toEqual(reply('Thank you'));
  });

  it('without sender or text is not answered', async () => {
    await addDefault();
    expect(await answersOf(null, 'hello')).toEqual([]);
    expect(await answersOf(newNumber(), null)).toEqual([]);
  });

  it.each([
    ['empty', '{{^text}}x{{/text}}'],
    ['too long', 'private '.repeat(240)],
  ])(
    'whose answer would be %s is a dead letter that names the rule, and no text',
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

  it('whose answer by a policy cannot be sent is a dead letter that names the policy', async () => {
    const { id } = await app.post(
      messageBody('message.received', { from: newNumber(), text: 'say nothing' }),
    );
    await waitForListener(app.application, id, 'replies', 'dead');
    const letter = await app.application.get(DeadLetters).find(id, 'replies');
    expect(letter?.lastError?.message).toMatch(/^The answer of EmptyPolicy cannot be sent: ./);
  });
});

describe('a message, when Postack confirms opt-outs and rules are switched off,', () => {
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

  it('that opts out or in is not answered', async () => {
    const customer = newNumber();
    expect(await answersOf(customer, 'STOP')).toEqual([]);
    expect(await answersOf(customer, 'START')).toEqual([]);
  });

  it('is answered by policies alone', async () => {
    expect(await answersOf(newNumber(), 'hours')).toEqual([]);
    expect(await answersOf(newNumber(), 'order 1')).toEqual(reply('FirstPolicy answers'));
  });
});

describe('a policy that cannot work', () => {
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
    [RequestPolicy, 'RequestPolicy: it is request-scoped'],
    [UnrankedPolicy, 'UnrankedPolicy: its priority must be a number'],
  ])('like %p stops the start, with the reason', async (policy, reason) => {
    const starting = startTestApplication({ providers: [policy] });
    await expect(starting).rejects.toMatchObject({
      code: 'POSTACK_CONFIGURATION_INVALID',
      problems: [expect.stringContaining(reason)],
    });
  });
});
