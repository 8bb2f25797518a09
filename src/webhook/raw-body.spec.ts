import { createServer, type IncomingMessage, request as openRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BodyError, keptRawBody, RawBodyMissingError, readRawBody } from './raw-body.js';

type Received = (request: IncomingMessage) => Promise<void>;

/** What the server does with the next request. */
let receive: Received;
let port: number;
const server = createServer((request, response) => {
  void receive(request).finally(() => response.end());
});

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const LIMIT_BYTES = 1000;

/** Starts a POST; the promise settles as `readRawBody` does on the other side. */
function post(headers: Record<string, string | number> = {}, timeoutMs = 5000) {
  const result = new Promise<Buffer>((resolve, reject) => {
    receive = (request) => readRawBody(request, LIMIT_BYTES, timeoutMs).then(resolve, reject);
  });
  const request = openRequest({ port, method: 'POST', headers, agent: false });
  // The server answers before the body is whole, or the test cuts it off.
  request.on('error', () => undefined);
  return { request, result };
}

describe('readRawBody', () => {
  it('gives the bytes as they came, however they were cut up', async () => {
    const { request, result } = post();
    for (const piece of ['{"a"', ':\r\n', '"\u00e9\\u00e9"}\0']) request.write(piece);
    request.end(Buffer.from([0xff, 0xfe]));
    const expected = Buffer.concat([Buffer.from('{"a":\r\n"é\\u00e9"}\0'), Buffer.from([0xff, 0xfe])]);
    expect((await result).equals(expected)).toBe(true);
  });

  it('gives no bytes for no body', async () => {
    const { request, result } = post();
    request.end();
    expect(await result).toHaveLength(0);
  });

  it('takes a body of exactly the limit', async () => {
    const { request, result } = post();
    request.end(Buffer.alloc(LIMIT_BYTES));
    expect(await result).toHaveLength(LIMIT_BYTES);
  });

  it('refuses a longer one by its declared length, before a byte of it came', async () => {
    const { request, result } = post({ 'content-length': LIMIT_BYTES + 1 });
    request.flushHeaders();
    await expect(result).rejects.toMatchObject({ fault: 'too-large' });
  });

  it('refuses a longer one without declared length as soon as it is past the limit', async () => {
    const { request, result } = post({ 'transfer-encoding': 'chunked' });
    request.write(Buffer.alloc(LIMIT_BYTES));
    request.write('x');
    await expect(result).rejects.toMatchObject({ fault: 'too-large' });
  });

  it('refuses one that is not whole in time', async () => {
    const { request, result } = post({}, 50);
    request.write('{');
    await expect(result).rejects.toMatchObject({ fault: 'timeout' });
  });

  it.each([
    ['with declared length', { 'content-length': 100 }],
    ['without', { 'transfer-encoding': 'chunked' }],
  ])('refuses one that is cut off, %s', async (_which, headers) => {
    const { request, result } = post(headers);
    const received = once(server, 'request');
    request.write('{');
    await received;
    request.destroy();
    const refusal: unknown = await result.catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(BodyError);
    expect(refusal).toMatchObject({ fault: 'cut-off', code: 'POSTACK_BODY_UNREADABLE' });
  });

  it.each<[string, Received]>([
    ['has been read', (request) => request.toArray().then(() => undefined)],
    ['is being read', (request) => once(request, 'data').then(() => undefined)],
  ])('refuses one that %s by something else', async (_which, readBefore) => {
    const { request, result } = post();
    const capture = receive;
    receive = (message) => readBefore(message).then(() => capture(message));
    request.end('{}');
    await expect(result).rejects.toMatchObject({ fault: 'already-read' });
  });
});

describe('keptRawBody', () => {
  const received = (headers: Record<string, string>) => ({ headers });

  it('is what Nest keeps on the request with "rawBody: true", on Express and on Fastify', () => {
    const rawBody = Buffer.from('{}');
    expect(keptRawBody({ ...received({ 'content-length': '2' }), rawBody })).toBe(rawBody);
    expect(keptRawBody({ raw: received({ 'content-length': '2' }), rawBody })).toBe(rawBody);
  });

  it('is empty when there was none', () => {
    expect(keptRawBody(received({}))).toHaveLength(0);
    expect(keptRawBody({ raw: received({ 'content-length': '0' }) })).toHaveLength(0);
  });

  it.each<Record<string, string>>([{ 'content-length': '2' }, { 'transfer-encoding': 'chunked' }])(
    'is missed, with the way to have it, when %j announced one and nothing kept it',
    (headers) => {
      expect(() => keptRawBody(received(headers))).toThrow(RawBodyMissingError);
      expect(() => keptRawBody({ ...received(headers), body: {}, rawBody: '{}' })).toThrow('"rawBody: true"');
    },
  );
});
