import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LocalPostack, MAGIC_NUMBERS, SimulatorOptionError } from '../../src/simulator/index.js';
import { waitUntil } from '../support/wait-until.js';
import { ANNA, ask, OWN_NUMBER, send } from './api-client.js';

let postack: LocalPostack;

beforeEach(async () => {
  postack = await LocalPostack.start({ timeScale: 1000, requestsPerSecond: 1000, hangMs: 300 });
});
afterEach(() => postack.stop());

describe('RestApi', () => {
  it('accepts a message, and tells how it fares', async () => {
    const { status, body } = await send(postack, { text: 'a'.repeat(161) });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^SM[0-9a-f]{32}$/),
      status: 'queued',
      sender: OWN_NUMBER,
      recipient: ANNA,
      text: 'a'.repeat(161),
      segments: 2,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    await postack.settled();
    const now = await ask(postack, `/messages/${body.id}`);
    expect(now).toMatchObject({ status: 200, body: { ...body, status: 'delivered' } });
    expect(postack.messages).toEqual([now.body]);
  });

  it.each([
    ['no number', 'invalid_sender', { sender: 'A very long name' }],
    ['no sender', 'invalid_sender', { sender: undefined }],
    ['a number without +', 'invalid_recipient', { recipient: '15550100001' }],
    ['no recipient', 'invalid_recipient', { recipient: undefined }],
    ['a short code as recipient', 'invalid_short_code_recipient', { recipient: '12345' }],
    ['no text', 'invalid_text', { text: undefined }],
    ['an empty text', 'invalid_text', { text: '' }],
    ['a text that is too long', 'invalid_text', { text: 'a'.repeat(1601) }],
  ])('refuses %s as %s', async (_what, code, fields) => {
    const { status, body } = await send(postack, fields);
    expect(status).toBe(400);
    expect(body).toEqual({ error: { code, message: expect.any(String) } });
    expect(postack.messages).toEqual([]);
  });

  it.each([['+15550199999'], ['12345'], ['ACME 24']])('takes %s for a sender', async (sender) => {
    expect((await send(postack, { sender, text: 'a'.repeat(1600) })).status).toBe(201);
  });

  it('takes only its own numbers for senders when it has a list of them', async () => {
    const other = await LocalPostack.start({ ownNumbers: [OWN_NUMBER] });
    try {
      expect((await send(other)).status).toBe(201);
      expect((await send(other, { sender: '+15550190001' })).body.error.code).toBe('invalid_sender');
    } finally {
      await other.stop();
    }
  });

  it.each([
    ['a message that there is not', 404, 'invalid_message', '/messages/SM0', {}],
    ['a path that there is not', 404, 'not_found', '/calls', {}],
    ['a body that is not JSON', 400, 'invalid_request', '/messages', { method: 'POST', body: '{' }],
    ['a body that is no object', 400, 'invalid_request', '/messages', { method: 'POST', body: '"Hi"' }],
    ['a missing key', 401, 'unauthorized', '/messages/SM0', { headers: {} }],
    ['a wrong key', 401, 'unauthorized', '/messages/SM0', { headers: { authorization: 'Bearer no' } }],
  ])('answers %s with %i %s', async (_what, status, code, path, init: RequestInit) => {
    expect(await ask(postack, path, init)).toMatchObject({ status, body: { error: { code } } });
    expect(postack.requests).toEqual([
      { at: expect.any(Number), method: init.method ?? 'GET', path: `/v1${path}`, status },
    ]);
  });
});

describe('a magic number', () => {
  const refusing = Object.values(MAGIC_NUMBERS).filter((magic) => magic.does === 'refuse');

  it('refuses each time, or once', async () => {
    for (const { number, code, ...rest } of refusing) {
      const first = await send(postack, { recipient: number });
      expect({ number, code: first.body.error.code }).toEqual({ number, code });
      expect(first.status).toBeGreaterThanOrEqual(400);
      const { status } = await send(postack, { recipient: number });
      expect({ number, status }).toEqual({ number, status: 'isOnce' in rest ? 201 : first.status });
    }
    expect(postack.messages.map(({ recipient }) => recipient)).toEqual([
      MAGIC_NUMBERS.serverErrorOnce.number,
      MAGIC_NUMBERS.unavailableOnce.number,
      MAGIC_NUMBERS.rateLimitedOnce.number,
    ]);
  });

  it('exists for every documented code', () => {
    expect(refusing.map(({ code }) => code)).toEqual(
      expect.arrayContaining([
        'invalid_sender',
        'invalid_recipient',
        'invalid_short_code_recipient',
        'messaging_disabled',
        'tollfree_verification_required',
        'missing_campaign',
        'unsupported_destination',
        'destination_disabled',
        'invalid_text',
        'invalid_message',
      ]),
    );
    expect(new Set(Object.values(MAGIC_NUMBERS).map(({ number }) => number)).size).toBe(
      Object.keys(MAGIC_NUMBERS).length,
    );
  });

  it('says when to come again, after its 429', async () => {
    const { status, headers } = await send(postack, { recipient: MAGIC_NUMBERS.rateLimitedOnce.number });
    expect([status, headers.get('retry-after')]).toEqual([429, '1']);
  });

  it('leads a message to its end', async () => {
    const ends = Object.values(MAGIC_NUMBERS).filter((magic) => magic.does === 'end');
    for (const { number } of ends) await send(postack, { recipient: number });
    await postack.settled();
    expect(
      postack.messages.map(({ recipient, status, errorCode }) => [recipient, status, errorCode]),
    ).toEqual([
      ['+15005550100', 'delivered', undefined],
      ['+15005550103', 'undelivered', '30003'],
      ['+15005550105', 'undelivered', '30005'],
      ['+15005550106', 'undelivered', '30006'],
      ['+15005550107', 'undelivered', '30007'],
      ['+15005550134', 'failed', '30034'],
      ['+15005550199', 'queued', undefined],
    ]);
  });

  it('cuts the connection after accepting', async () => {
    await expect(send(postack, { recipient: MAGIC_NUMBERS.cutOff.number })).rejects.toThrow('fetch failed');
    expect(postack.messages).toHaveLength(1);
    expect(postack.requests).toMatchObject([{ status: null }]);
  });

  it('answers late after accepting', async () => {
    const answer = send(postack, { recipient: MAGIC_NUMBERS.late.number });
    await waitUntil(() => postack.messages[0], { what: () => 'the message' });
    expect(postack.requests).toMatchObject([{ status: null }]);
    expect(await answer).toMatchObject({ status: 201, body: { id: postack.messages[0]!.id } });
  });

  it('answers something that is not JSON after accepting', async () => {
    await expect(send(postack, { recipient: MAGIC_NUMBERS.notJson.number })).rejects.toThrow(
      'not valid JSON',
    );
    expect(postack.messages).toHaveLength(1);
    expect(postack.requests).toMatchObject([{ status: 200 }]);
  });
});

describe('the rate limit', () => {
  it('lets 10 requests through in any second, and says when to come again', async () => {
    const limited = await LocalPostack.start();
    try {
      const burst = await Promise.all(Array.from({ length: 15 }, () => ask(limited, '/messages/SM0')));
      const turnedAway = burst.filter(({ status }) => status === 429);
      expect(turnedAway).toHaveLength(5);
      expect(turnedAway[0]).toMatchObject({ body: { error: { code: 'rate_limited' } } });
      expect(turnedAway[0]!.headers.get('retry-after')).toBe('1');
      expect(limited.busiestSecond()).toBe(15);
      // Over a second boundary, which a fixed window would not notice.
      await waitUntil(async () => (await ask(limited, '/messages/SM0')).status === 404 || undefined, {
        what: () => 'a place',
        everyMs: 50,
      });
      const letThrough = limited.requests.filter(({ status }) => status !== 429).map(({ at }) => at);
      expect(letThrough).toHaveLength(11);
      expect(letThrough[10]! - letThrough[0]!).toBeGreaterThanOrEqual(1000);
    } finally {
      await limited.stop();
    }
  });
});

describe('an outage of the REST API', () => {
  it('answers 503 until it is over', async () => {
    await postack.api.down();
    expect(await send(postack)).toMatchObject({ status: 503, body: { error: { code: 'unavailable' } } });
    await postack.api.up();
    expect((await send(postack)).status).toBe(201);
    expect(postack.messages).toHaveLength(1);
  });

  it('refuses connections until it is over, then listens on the same port', async () => {
    await postack.api.down('refused');
    await expect(send(postack)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await postack.api.down('unavailable');
    expect((await send(postack)).status).toBe(503);
    await postack.api.up();
    expect((await send(postack)).status).toBe(201);
  });
});

it.each([
  [{ timeScale: 0.5 }, '"timeScale" must be a number from 1 to 1000000'],
  [{ requestsPerSecond: 0 }, '"requestsPerSecond" must be a number from 1 to 1000000'],
  [{ port: Number.NaN }, '"port" must be a number from 0 to 65535'],
  [{ endpoints: [{ url: 'example.com' }] }, "An endpoint's URL must begin with http:// or https://"],
  [{ endpoints: [{ url: 'http://127.0.0.1', secret: 'whsec_' }] }, 'must be "whsec_" and base64'],
])('the local Postack does not start with %j', async (options, message) => {
  const start = LocalPostack.start(options);
  await expect(start).rejects.toThrow(SimulatorOptionError);
  await expect(start).rejects.toThrow(message);
});
