import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { POSTACK_API_CODES } from '../../src/postack-api/postack-api-error-catalogue.js';
import { PostackApiError } from '../../src/postack-api/postack-api-errors.js';
import { PostackClient } from '../../src/postack-api/postack-client.js';
import { memoryRequestRate } from '../../src/postack-api/request-rate.js';
import {
  breakOff,
  cut,
  hang,
  json,
  silence,
  startScriptedPostack,
  text,
  type Reply,
  type ScriptedPostack,
} from './scripted-postack.js';

const SMS = { from: '+15550100001', to: '+15550100042', text: 'private words', idempotencyKey: 'key-1' };
const API_KEY = 'key-of-the-tests';

interface ClientSetup {
  /** The reply that is scripted. */
  reply?: Reply;
  idempotencyHeader?: string;
  baseUrl?: string;
  timeoutMs?: number;
}

describe('PostackApiError', () => {
  let postack: ScriptedPostack;
  const requestRate = memoryRequestRate({ requestsPerSecond: 1000 });
  /** Only what never answers needs a short time limit; an answer on a busy machine would not keep it. */
  const UNANSWERED = { hung503: hang(503), hung200: hang(200), silence };
  const timeoutFor = (reply?: Reply) => (Object.values(UNANSWERED).includes(reply!) ? 500 : 10_000);
  const client = ({ reply, baseUrl = postack.url, ...options }: ClientSetup = {}) =>
    new PostackClient({
      ...{ apiKey: API_KEY, baseUrl, requestRate, attempts: 1, timeoutMs: timeoutFor(reply) },
      ...options,
    });

  async function failure(request: Promise<unknown>): Promise<PostackApiError> {
    const error = await request.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof PostackApiError))
      throw new Error('The request did not reject with a PostackApiError', { cause: error });
    expect(error.action).not.toBe('');
    expect(error.message).toContain(error.action);
    expect(error.name).toBe(error.constructor.name);
    expect(inspect(error)).not.toMatch(/private words|5550100042|key-of-the-tests/);
    return error;
  }

  beforeAll(async () => {
    postack = await startScriptedPostack();
  });
  afterAll(() => postack.close());

  const DOCUMENTED: [string, string, number][] = [
    ['invalid_sender', 'account', 400],
    ['invalid_recipient', 'recipient', 422],
    ['invalid_short_code_recipient', 'recipient', 400],
    ['messaging_disabled', 'account', 403],
    ['tollfree_verification_required', 'account', 401],
    ['missing_campaign', 'account', 400],
    ['unsupported_destination', 'recipient', 409],
    ['destination_disabled', 'account', 402],
    ['invalid_text', 'content', 413],
    ['invalid_message', 'request', 404],
  ];

  it.each(DOCUMENTED)('classifies %s as a cause of the class "%s", with any 4xx status', async (...row) => {
    const [apiCode, causeClass, status] = row;
    const message = `No: ${SMS.to}, ${SMS.text}`;
    postack.script(json(status, { error: { code: apiCode, message } }));
    expect(await failure(client().send(SMS))).toMatchObject({
      ...{ code: `POSTACK_API_${apiCode.toUpperCase()}`, apiCode, causeClass, status, apiMessage: message },
      ...{ isRetryable: false, maySendAgain: true, retryAfterMs: null },
    });
  });

  it('has a class for each documented code', () => {
    expect(DOCUMENTED.map(([apiCode]) => apiCode)).toEqual(Object.keys(POSTACK_API_CODES));
  });

  const wait = { 'retry-after': '3' };
  const CERTAIN: [string, Reply, object][] = [
    [
      'an unknown code',
      json(422, { code: 'new_rule' }),
      { code: 'POSTACK_API_REFUSED', apiCode: 'new_rule' },
    ],
    ['a 4xx without JSON', text(404, '<html>'), { code: 'POSTACK_API_REFUSED', apiCode: null }],
    ['an incomplete 4xx', breakOff(400), { code: 'POSTACK_API_REFUSED', status: 400 }],
    ['a 401', json(401, {}), { code: 'POSTACK_API_AUTHENTICATION', causeClass: 'account' }],
    ['a 403', json(403, {}), { code: 'POSTACK_API_AUTHENTICATION' }],
    ['a 429', json(429, {}), { code: 'POSTACK_API_RATE_LIMITED', isRetryable: true, retryAfterMs: null }],
    ['a 503', json(503, {}), { code: 'POSTACK_API_UNAVAILABLE', isRetryable: true }],
    ['a 503 that hangs', UNANSWERED.hung503, { code: 'POSTACK_API_UNAVAILABLE', isRetryable: true }],
  ];

  it.each(CERTAIN)('reports that nothing was accepted: %s', async (_what, reply, expected) => {
    postack.script(reply);
    expect(await failure(client({ reply }).send(SMS))).toMatchObject({
      isRetryable: false,
      maySendAgain: true,
      ...expected,
    });
  });

  it.each([429, 503])('reports how long Postack asks to wait: %i', async (status) => {
    postack.script(json(status, {}, wait));
    const own = new PostackClient({ apiKey: API_KEY, baseUrl: postack.url, attempts: 1 });
    expect(await failure(own.send(SMS))).toMatchObject({ status, retryAfterMs: 3000 });
  });

  const UNKNOWN: [string, Reply, object][] = [
    ['a 500', json(500, { code: 'invalid_text' }), { code: 'POSTACK_API_SERVER_ERROR', isRetryable: true }],
    ['a 502 without JSON', text(502, '<html>'), { code: 'POSTACK_API_SERVER_ERROR' }],
    ['a 408', json(408, {}), { code: 'POSTACK_API_SERVER_ERROR' }],
    ['a 409', json(409, {}), { code: 'POSTACK_API_SERVER_ERROR' }],
    ['no response', UNANSWERED.silence, { code: 'POSTACK_API_TIMEOUT', isRetryable: true, status: null }],
    ['a response that hangs', UNANSWERED.hung200, { code: 'POSTACK_API_TIMEOUT' }],
    ['a cut connection', cut, { code: 'POSTACK_API_CONNECTION_LOST', isRetryable: true }],
    ['an incomplete response', breakOff(200), { code: 'POSTACK_API_CONNECTION_LOST' }],
    ['no JSON', text(200, 'thank you'), { code: 'POSTACK_API_UNREADABLE_ANSWER', isRetryable: false }],
    ['no id', json(200, { status: 'queued' }), { code: 'POSTACK_API_UNREADABLE_ANSWER' }],
    ['a list', json(200, [{ id: 'SM1' }]), { code: 'POSTACK_API_UNREADABLE_ANSWER' }],
    [
      'more than 1 MiB',
      json(200, { id: 'SM1', filler: 'x'.repeat(1024 * 1024) }),
      { code: 'POSTACK_API_UNREADABLE_ANSWER' },
    ],
    [
      'a redirect, which is not followed',
      text(307, '', { location: '/v1/messages' }),
      { code: 'POSTACK_API_UNREADABLE_ANSWER', status: 307 },
    ],
  ];

  it.each(UNKNOWN)('reports that a message may have been accepted: %s', async (_what, reply, expected) => {
    postack.script(reply);
    const error = await failure(client({ reply }).send(SMS));
    expect(error).toMatchObject({ maySendAgain: false, causeClass: 'unknown', ...expected });
    expect(error.message).toContain('do not send it again');
    expect(postack.seen).toHaveLength(1);
    // With an idempotency key that Postack honours, and for requests that only read, a retry is safe.
    expect(await failure(client({ reply, idempotencyHeader: 'idempotency-key' }).send(SMS))).toMatchObject({
      maySendAgain: true,
    });
    expect(await failure(client({ reply }).fetch('SM1'))).toMatchObject({ maySendAgain: true });
  });

  it('reports that no connection was made, so nothing was accepted', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const plainHttp = postack.url.replace('http:', 'https:');
    for (const url of [`http://127.0.0.1:${port}`, 'http://postack.invalid', plainHttp]) {
      expect(await failure(client({ baseUrl: url }).send(SMS))).toMatchObject({
        ...{ code: 'POSTACK_API_UNREACHABLE', isRetryable: true, maySendAgain: true, status: null },
      });
    }
  });

  it.each([
    ['cut', (socket: Socket) => socket.once('data', () => socket.destroy())],
    ['reset', (socket: Socket) => socket.once('data', () => socket.resetAndDestroy())],
    ['never answered', (socket: Socket) => socket.resume()],
  ])('reports that nothing was accepted when the TLS handshake is %s', async (_how, handle) => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      handle(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(
      await failure(client({ baseUrl: `https://127.0.0.1:${port}`, timeoutMs: 500 }).send(SMS)),
    ).toMatchObject({
      ...{ code: 'POSTACK_API_UNREACHABLE', isRetryable: true, maySendAgain: true, status: null },
    });
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });

  it('reports a response that is not HTTP as an unknown outcome', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.end('garbage\r\n\r\n')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await failure(client({ baseUrl: `http://127.0.0.1:${port}` }).send(SMS))).toMatchObject({
      code: 'POSTACK_API_CONNECTION_LOST',
      maySendAgain: false,
    });
    server.close();
    await once(server, 'close');
  });

  it('ignores a code that does not look like one', async () => {
    postack.script(json(400, { code: SMS.to, errorCode: 'new_rule' }));
    expect(await failure(client().send(SMS))).toMatchObject({ apiCode: 'new_rule' });
    postack.script(json(400, { code: SMS.to }));
    expect(await failure(client().send(SMS))).toMatchObject({ apiCode: null });
  });
});
