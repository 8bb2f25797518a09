import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PostackRateLimitedError } from '../../src/postack-api/postack-api-errors.js';
import { PostackInvalidMessageError } from '../../src/postack-api/postack-api-rejections.js';
import { PostackClient, type PostackClientOptions } from '../../src/postack-api/postack-client.js';
import { memoryRequestRate } from '../../src/postack-api/request-rate.js';
import { waitUntil } from '../support/wait-until.js';
import { json, silence, startScriptedPostack, type ScriptedPostack } from './scripted-postack.js';

const SMS = { from: '+15550100001', to: '+15550100042', text: 'Your order is ready' };
const ACCEPTED = json(202, { id: 'SM1', status: 'queued' });
const unavailable = json(503, {});

describe('PostackClient', () => {
  let postack: ScriptedPostack;
  const requestRate = memoryRequestRate({ requestsPerSecond: 1000 });
  const client = (options: Partial<PostackClientOptions> = {}) =>
    new PostackClient({ apiKey: 'key-of-the-tests', baseUrl: postack.url, requestRate, ...options });

  beforeAll(async () => {
    postack = await startScriptedPostack();
  });
  afterAll(() => postack.close());

  it("sends a message with the API key, and returns Postack's response", async () => {
    postack.script(ACCEPTED);
    const sent = await client().send({ ...SMS, idempotencyKey: 'key-1' });
    expect(sent).toEqual({
      ...{ id: 'SM1', status: 'queued', errorCode: null },
      raw: { id: 'SM1', status: 'queued' },
    });
    expect(postack.seen).toEqual([
      expect.objectContaining({
        method: 'POST',
        path: '/v1/messages',
        body: { sender: SMS.from, recipient: SMS.to, text: SMS.text },
        headers: expect.objectContaining({ authorization: 'Bearer key-of-the-tests' }),
      }),
    ]);
    expect(JSON.stringify(postack.seen)).not.toContain('key-1');
  });

  it('fetches a message by its id, with any characters in it', async () => {
    postack.script(json(200, { data: { id: 7, status: 'failed' }, error: { code: 30003 } }));
    expect(await client().fetch('a/b?$&')).toMatchObject({ id: '7', status: 'failed', errorCode: '30003' });
    expect(postack.seen).toMatchObject([
      { method: 'GET', path: '/v1/messages/a%2Fb%3F%24%26', body: undefined },
    ]);
  });

  it.each(['', '.', '..'])('makes no request for the invalid id %j', async (id) => {
    postack.script(ACCEPTED);
    await expect(client().fetch(id)).rejects.toBeInstanceOf(PostackInvalidMessageError);
    expect(postack.seen).toEqual([]);
  });

  it('uses the paths and fields of the option "mapping"', async () => {
    postack.script(json(200, { sid: 'X9', state: 'sent' }), json(400, { fault: 'invalid_text' }));
    const other = client({
      baseUrl: `${postack.url}/`,
      mapping: {
        send: { method: 'PUT', path: '/sms' },
        request: ({ from, to, text }) => ({ sms: [from, to, text] }),
        ...{ id: ['sid'], status: ['state'], apiCode: ['fault'] },
      },
    });
    expect(await other.send(SMS)).toMatchObject({ id: 'X9', status: 'sent' });
    await expect(other.send(SMS)).rejects.toMatchObject({ apiCode: 'invalid_text' });
    expect(postack.seen[0]).toMatchObject({
      ...{ method: 'PUT', path: '/v1/sms' },
      body: { sms: [SMS.from, SMS.to, SMS.text] },
    });
  });

  it('retries what was not accepted, and calls beforeRequest before each attempt', async () => {
    postack.script(unavailable, unavailable, ACCEPTED);
    let calls = 0;
    const beforeRequest = async () => {
      calls += 1;
      expect(postack.seen).toHaveLength(calls - 1);
      await Promise.resolve();
    };
    expect(await client().send(SMS, { beforeRequest })).toMatchObject({ id: 'SM1' });
    expect([calls, postack.seen.length]).toEqual([3, 3]);
  });

  it('gives up after the configured number of attempts', async () => {
    postack.script(unavailable);
    await expect(client({ attempts: 2 }).send(SMS)).rejects.toMatchObject({ status: 503 });
    expect(postack.seen).toHaveLength(2);
  });

  it.each([
    ['a send that may have been accepted', json(500, {}), 1],
    ['a message that was rejected', json(400, { code: 'invalid_text' }), 1],
  ])('never retries %s', async (_what, reply, requests) => {
    postack.script(reply, ACCEPTED);
    await expect(client().send(SMS)).rejects.toMatchObject({ name: expect.stringMatching(/^Postack/) });
    expect(postack.seen).toHaveLength(requests);
  });

  it('retries a fetch after a server error', async () => {
    postack.script(json(500, {}), json(200, { id: 'SM1' }));
    expect(await client().fetch('SM1')).toMatchObject({ id: 'SM1' });
  });

  it('retries with the same idempotency key when an idempotency header is configured', async () => {
    postack.script(json(500, {}), ACCEPTED);
    const idempotent = client({ idempotencyHeader: 'Idempotency-Key' });
    expect(await idempotent.send({ ...SMS, idempotencyKey: 'key-1' })).toMatchObject({ id: 'SM1' });
    expect(postack.seen.map(({ headers }) => headers['idempotency-key'])).toEqual(['key-1', 'key-1']);
    postack.script(json(500, {}), ACCEPTED);
    await expect(idempotent.send(SMS)).rejects.toMatchObject({ status: 500, maySendAgain: false });
  });

  it('waits for the Retry-After of Postack, as do all clients that share the rate', async () => {
    for (const attempts of [2, 1]) {
      postack.script(json(429, {}, { 'retry-after': '1' }), ACCEPTED);
      const started = performance.now();
      const first = client({ attempts }).send(SMS);
      if (attempts === 1) await expect(first).rejects.toMatchObject({ retryAfterMs: 1000 });
      expect(await (attempts === 1 ? client().send(SMS) : first)).toMatchObject({ id: 'SM1' });
      expect(performance.now() - started).toBeGreaterThan(990);
      expect(postack.seen).toHaveLength(2);
    }
  });

  it('throws instead of waiting for a long Retry-After, and reports its length', async () => {
    const own = client({ requestRate: memoryRequestRate({ requestsPerSecond: 100 }), maxRetryAfterMs: 2000 });
    postack.script(json(429, {}, { 'retry-after': '60' }));
    await expect(own.send(SMS)).rejects.toMatchObject({
      code: 'POSTACK_API_RATE_LIMITED',
      retryAfterMs: 60_000,
    });
    const onHold = await own.send(SMS).catch((error: unknown) => error);
    expect(onHold).toMatchObject({ code: 'POSTACK_API_ON_HOLD', isRetryable: true, maySendAgain: true });
    expect((onHold as PostackRateLimitedError).retryAfterMs).toBeGreaterThan(50_000);
    expect(postack.seen).toHaveLength(1);
  });

  it('sends nothing when beforeRequest rejects, and rejects with the same error', async () => {
    postack.script(ACCEPTED);
    const reason = new TypeError('cancelled');
    await expect(client().send(SMS, { beforeRequest: () => Promise.reject(reason) })).rejects.toBe(reason);
    expect(postack.seen).toEqual([]);
  });

  it('aborts before the request, while waiting for the response, and between attempts', async () => {
    const reason = new Error('stopping');
    postack.script(silence);
    await expect(client().send(SMS, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(postack.seen).toEqual([]);
    for (const reply of [silence, json(503, {}, { 'retry-after': '9' })]) {
      postack.script(reply);
      const abort = new AbortController();
      const own = client({ requestRate: memoryRequestRate({ requestsPerSecond: 1 }) });
      const sending = own.send(SMS, { signal: abort.signal });
      await waitUntil(() => postack.seen[0], { what: () => 'the request' });
      abort.abort(reason);
      await expect(sending).rejects.toBe(reason);
      expect(postack.seen).toHaveLength(1);
    }
  });

  it('lists every invalid option', () => {
    const invalid = () =>
      new PostackClient({
        ...{ apiKey: undefined, baseUrl: 'ftp://host', timeoutMs: 0, attempts: 1.5, maxRetryAfterMs: -1 },
        idempotencyHeader: 'no header',
      });
    for (const option of [
      'apiKey',
      'baseUrl',
      'timeoutMs',
      'attempts',
      'maxRetryAfterMs',
      'idempotencyHeader',
    ]) {
      expect(invalid).toThrow(`"${option}" must`);
    }
    expect(() => new PostackClient({ apiKey: 'secret\nkey' })).toThrow(
      /^(?!.*secret).*"apiKey" must be set/s,
    );
  });
});
