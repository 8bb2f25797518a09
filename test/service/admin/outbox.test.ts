import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LocalPostack } from '../../../src/simulator/index.js';
import { ADAPTERS } from '../../support/test-application.js';
import { startTestService, type TestService } from '../../support/test-service.js';

interface Message {
  id: string;
  text: string;
  status: string;
}
interface List {
  items: Message[];
  nextCursor: string | null;
}

const MISSING_ID = '00000000-0000-4000-8000-000000000000';

describe.each(ADAPTERS)('OutboxController, on %s', (adapter) => {
  let postack: LocalPostack;
  let service: TestService;
  const ids: string[] = [];

  beforeAll(async () => {
    postack = await LocalPostack.start();
    service = await startTestService({
      POSTACK_HTTP_ADAPTER: adapter,
      POSTACK_API_KEY: postack.apiKey,
      POSTACK_API_URL: postack.url,
    });
    for (let number = 0; number < 5; number += 1) {
      const { status, body } = await service.send<{ id: string }>('/api/v1/outbox', message(number));
      expect(status).toBe(202);
      ids.unshift(body.id);
    }
  });
  afterAll(async () => {
    await service.close();
    await postack.stop();
  });

  /** Not sent before tomorrow: the tests look at what waits. */
  function message(number: number, change: object = {}) {
    return {
      from: '+15550100002',
      to: `+1555010010${number}`,
      text: `Message ${number}`,
      category: number % 2 === 0 ? 'notification' : 'solicitation',
      idempotencyKey: `key ${number}`,
      notBefore: new Date(Date.now() + 86_400_000).toISOString(),
      ...change,
    };
  }
  const listed = async (query: string) =>
    (await service.get<List>(`/api/v1/outbox${query}`)).body.items.map(({ id }) => id);

  it('lists messages, the latest first, by what they are and page by page', async () => {
    expect(await listed('')).toEqual(ids);
    expect(await listed('?status=queued&category=solicitation')).toEqual([ids[1], ids[3]]);
    expect(await listed('?status=held')).toEqual([]);
    expect(await listed(`?to=${encodeURIComponent('+1 (555) 010-0103')}`)).toEqual([ids[1]]);
    expect(await listed(`?since=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([]);
    const paged: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body }: { body: List } = await service.get(
        `/api/v1/outbox?limit=2${cursor && `&cursor=${cursor}`}`,
      );
      paged.push(...body.items.map(({ id }) => id));
      cursor = body.nextCursor;
    }
    expect(paged).toEqual(ids);
  });

  it('takes a message twice under one key for the same', async () => {
    const { status, body } = await service.send('/api/v1/outbox', message(4, { text: 'something else' }));
    expect({ status, body }).toEqual({ status: 202, body: { id: ids[0], isDuplicate: true } });
  });

  it('returns one message', async () => {
    expect((await service.get(`/api/v1/outbox/${ids[0]!}`)).body).toMatchObject({
      id: ids[0],
      state: 'queued',
      text: 'Message 4',
      attempts: 0,
      heldReason: null,
      errorCode: null,
    });
  });

  it('cancels what waits, with a reason, and nothing twice', async () => {
    const { id } = (
      await service.send<Message>('/api/v1/outbox', message(9, { idempotencyKey: 'cancelled' }))
    ).body;
    const answer = await service.send(`/api/v1/outbox/${id}/cancel`, { reason: 'a mistake' });
    expect(answer).toMatchObject({ status: 200, body: { state: 'cancelled', decisionReason: 'a mistake' } });
    expect(await service.send(`/api/v1/outbox/${id}/cancel`, { reason: 'again' })).toMatchObject({
      status: 409,
      body: {
        detail: `Message ${id} is cancelled: only a message that is held, rejected, or queued can be cancelled`,
      },
    });
    expect((await service.send(`/api/v1/outbox/${id}/release`, { reason: 'after all' })).status).toBe(409);
    expect((await service.send(`/api/v1/outbox/${id}/accept`, { messageId: 'SM1' })).status).toBe(409);
  });

  it.each([
    ['GET', `/api/v1/outbox/${MISSING_ID}`, undefined, 404, 'There is no outbound message with the id'],
    ['GET', '/api/v1/outbox/nonsense', undefined, 404, 'There is no outbound message with the id "nonsense"'],
    ['POST', `/api/v1/outbox/${MISSING_ID}/release`, { reason: 'x' }, 404, 'There is no outbound message'],
    [
      'POST',
      `/api/v1/outbox/${MISSING_ID}/release`,
      {},
      400,
      'reason must be a string of 1 to 1000 characters',
    ],
    [
      'POST',
      `/api/v1/outbox/${MISSING_ID}/accept`,
      { messageId: '' },
      400,
      'messageId must be a string of 1 to 200',
    ],
    ['GET', '/api/v1/outbox?status=lost', undefined, 400, 'status must be one of queued, sending, accepted'],
    ['GET', '/api/v1/outbox?heldReason=x', undefined, 400, 'heldReason must be one of opted-out'],
    ['GET', '/api/v1/outbox?cursor=x', undefined, 400, '"cursor" must be the "nextCursor"'],
    ['POST', '/api/v1/outbox', message(8, { to: 'Anna' }), 400, '"to" must be a number like +15550100001'],
    ['POST', '/api/v1/outbox', message(8, { text: '' }), 400, 'empty'],
    ['POST', '/api/v1/outbox', message(8, { category: 'spam' }), 400, 'category must be one of reply'],
    [
      'POST',
      '/api/v1/outbox',
      message(8, { notBefore: 'soon' }),
      400,
      'notBefore must be a time in ISO 8601',
    ],
    ['POST', '/api/v1/outbox', message(8, { txet: '' }), 400, 'unknown parameter "txet"; known: category'],
  ])('answers %s %s %j with %i and the reason', async (method, path, body, status, detail) => {
    const answer = await (method === 'GET'
      ? service.get<{ detail: string }>(path)
      : service.send<{ detail: string }>(path, body));
    expect([answer.status, answer.contentType]).toEqual([status, expect.stringContaining('problem+json')]);
    expect(answer.body.detail).toContain(detail);
  });

  it('asks for the admin key', async () => {
    expect((await service.get('/api/v1/outbox', null)).status).toBe(401);
  });
});

describe('the outbox of a service without an API key', () => {
  it('refuses messages, and says what to set', async () => {
    const service = await startTestService();
    try {
      const answer = await service.send<{ detail: string }>('/api/v1/outbox', {
        from: '+15550100002',
        to: '+15550100001',
        text: 'Hi',
        category: 'notification',
        idempotencyKey: 'a',
      });
      expect(answer.status).toBe(409);
      expect(answer.body.detail).toContain('POSTACK_API_KEY');
      expect((await service.get<List>('/api/v1/outbox')).body.items).toEqual([]);
    } finally {
      await service.close();
    }
  });
});
