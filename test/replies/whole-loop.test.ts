import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OutboxMessage } from '../../src/outbox/outbox-queries.js';
import { LocalPostack, MAGIC_NUMBERS } from '../../src/simulator/index.js';
import { ADAPTERS, TEST_SECRET } from '../support/test-application.js';
import { startTestService, type TestService } from '../support/test-service.js';
import { waitUntil } from '../support/wait-until.js';
import { newNumber, OURS } from '../support/reply-application.js';

interface List<Item> {
  items: Item[];
}

describe.each(ADAPTERS)('AutoRepliesListener in the service on %s', (adapter) => {
  let postack: LocalPostack;
  let service: TestService;

  beforeAll(async () => {
    postack = await LocalPostack.start({ timeScale: 20 });
    service = await startTestService({
      POSTACK_HTTP_ADAPTER: adapter,
      POSTACK_API_KEY: postack.apiKey,
      POSTACK_API_URL: postack.url,
    });
    postack.registerEndpoint(service.running.webhookUrl, { secret: TEST_SECRET });
    for (const rule of [
      { name: 'hours', kind: 'keyword', pattern: 'hours', template: 'From 9 to 18, {{from}}.' },
      { name: 'rest', kind: 'default', template: 'We will get back to you.' },
    ]) {
      expect((await service.send('/api/v1/reply-rules', rule)).status).toBe(201);
    }
  });
  afterAll(async () => {
    await service.close();
    await postack.stop();
  });

  const outbox = async (to: string) => {
    const query = `/api/v1/outbox?to=${encodeURIComponent(to)}`;
    return (await service.get<List<OutboxMessage>>(query)).body.items;
  };
  const settled = (to: string, states: readonly string[]) =>
    waitUntil(
      async () => {
        const messages = await outbox(to);
        const isSettled =
          messages.length === states.length && messages.every(({ state }, i) => state === states[i]);
        return isSettled ? messages : undefined;
      },
      { what: () => `messages in the states ${states.join()} in the outbox` },
    );

  it('answers a customer by a rule, and shows that the answer was delivered', async () => {
    const anna = postack.customer(newNumber());
    const { eventId } = await anna.text(OURS, 'Hours?');
    expect(await anna.receives()).toMatchObject({ from: OURS, text: `From 9 to 18, ${anna.number}.` });
    const [answer] = await settled(anna.number, ['delivered']);
    expect(answer).toMatchObject({ inReplyTo: eventId, category: 'reply', attempts: 1, segments: 1 });
    const { body } = await service.get(`/api/v1/messages/${answer!.messageId!}`);
    expect(body).toMatchObject({ direction: 'outbound', state: 'delivered', to: anna.number });
  });

  it('shows that an answer was not delivered, and why', async () => {
    await postack.customer(MAGIC_NUMBERS.landline.number).text(OURS, 'Hello');
    const [answer] = await settled(MAGIC_NUMBERS.landline.number, ['undelivered']);
    expect(answer).toMatchObject({ status: 'accepted', errorCode: '30006' });
  });

  it('sends one confirmation after STOP, and nothing else until START', async () => {
    const carl = postack.customer(newNumber());
    await carl.text(OURS, '"Stop."');
    await settled(carl.number, ['delivered']);
    await carl.text(OURS, 'STOP');
    await carl.text(OURS, 'hours');
    const notification = { from: OURS, to: carl.number, text: 'News', category: 'notification' };
    await service.send('/api/v1/outbox', { ...notification, idempotencyKey: `1 ${carl.number}` });
    const messages = await settled(carl.number, ['held', 'held', 'delivered']);
    expect(messages.map(({ heldReason }) => heldReason)).toEqual(['opted-out', 'opted-out', null]);
    const news = messages.find(({ text }) => text === 'News');
    expect((await service.send(`/api/v1/outbox/${news!.id}/release`, { reason: 'please' })).status).toBe(409);
    expect(carl.inbox.map(({ text }) => text)).toEqual([expect.stringContaining('unsubscribed')]);

    await carl.text(OURS, 'start');
    await carl.receives(({ text }) => text.includes('subscribed again'));
    expect((await service.send(`/api/v1/outbox/${news!.id}/release`, { reason: 'is back' })).status).toBe(
      200,
    );
    await carl.receives(({ text }) => text === 'News');
  });

  it('stops a loop with an auto-responder', async () => {
    const robot = postack.customer(newNumber());
    let count = 0;
    robot.autoReply(() => `I am out of office (${(count += 1)})`);
    await robot.text(OURS, 'Hello');
    const messages = await settled(robot.number, ['held', 'delivered', 'delivered', 'delivered']);
    expect(messages[0]).toMatchObject({
      heldReason: 'identical-text',
      heldDetail: expect.stringContaining('replies.loopGuard.identicalTexts'),
    });
    await postack.settled();
    expect(robot.inbox).toHaveLength(3);
    expect(await outbox(robot.number)).toHaveLength(4);

    expect(
      (await service.send(`/api/v1/outbox/${messages[0]!.id}/release`, { reason: 'a person' })).status,
    ).toBe(200);
    await waitUntil(() => robot.inbox.length >= 4 || undefined, { what: () => 'the released reply' });
    await settled(robot.number, ['held', 'delivered', 'delivered', 'delivered', 'delivered']);
  });
});
