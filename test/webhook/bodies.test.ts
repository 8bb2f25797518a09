import { once } from 'node:events';
import { Agent, type Server } from 'node:http';
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebhookCounters, type WebhookOutcome } from '../../src/index.js';
import { signWebhook } from '../../src/testing/index.js';
import { waitUntil } from '../support/wait-until.js';
import {
  ADAPTERS,
  messageBody,
  startTestApplication,
  TEST_SECRET,
  type TestApplication,
} from '../support/test-application.js';
import { openPost, post } from './http-client.js';

const LIMIT_BYTES = 64 * 1024;
const EVENT = '{"type":"message.received","data":{"id":"SM1"}}';

describe('WebhookController', () => {
  describe.each(ADAPTERS)('the body of a webhook, on %s', (adapter) => {
    let app: TestApplication;

    beforeAll(async () => {
      app = await startTestApplication({
        adapter,
        options: { bodyLimitBytes: LIMIT_BYTES, bodyTimeoutMs: 1000 },
      });
    });
    afterAll(() => app.close());

    const sign = (body: unknown) => signWebhook({ secret: TEST_SECRET, body });
    const stored = (id: string) =>
      app.database.query<{ body: Buffer }>('SELECT body FROM postack.inbox_event WHERE svix_id = $1', [id]);
    const counted = (outcome: WebhookOutcome) =>
      app.application.get(WebhookCounters).snapshot()[outcome] ?? 0;
    const expectProblem = (answer: { status: number; headers: object; body: string }, status: number) => {
      expect(answer.status).toBe(status);
      expect(answer.headers).toMatchObject({
        'content-type': 'application/problem+json',
        connection: 'close',
      });
      expect(JSON.parse(answer.body)).toMatchObject({ type: 'about:blank', status });
    };
    const expectAlive = async () => {
      expect((await app.post(messageBody('message.received'))).status).toBe(204);
    };

    it.each<[string, string | Buffer]>([
      ['white space and line ends', ' {\r\n\t"type" : "message.received" ,\n"data":{ } }\r\n\r\n '],
      ['key order and double keys', '{"z":1,"a":2,"type":"message.received","1":0,"a":3}'],
      ['escapes', '{"type":"message\\u002ereceived","text":"\\u00e9 \\ud83d\\ude00 \\/ \\u0000"}'],
      ['characters beyond ASCII', '{"type":"message.received","text":"é😀\u2028"}'],
      ['numbers beyond doubles', '{"type":"message.received","n":[1.0,1e400,12345678901234567890,-0]}'],
      ['a byte order mark', `\ufeff${EVENT}`],
      ['bytes that are no text', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
      ['everything up to the limit', EVENT.padEnd(LIMIT_BYTES)],
      ['compression', gzipSync(EVENT)],
    ])('is stored exactly as sent: %s', async (_what, body) => {
      const response = await app.post(body);
      expect(response.status).toBe(204);
      const rows = await stored(response.id);
      expect(rows[0]!.body.equals(Buffer.from(body))).toBe(true);
    });

    it.each<[what: string, headers: Record<string, string>]>([
      ['no content type', {}],
      ['text/plain', { 'content-type': 'text/plain' }],
      ['application/x-www-form-urlencoded', { 'content-type': 'application/x-www-form-urlencoded' }],
      ['multipart/form-data', { 'content-type': 'multipart/form-data; boundary=x' }],
      ['another charset', { 'content-type': 'application/json; charset=utf-16' }],
      ['a content type that is none', { 'content-type': 'json' }],
      ['an empty content type', { 'content-type': '' }],
      [
        'a content encoding that it does not have',
        { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      ],
      ['chunks', { 'transfer-encoding': 'chunked' }],
    ])('may come with %s', async (_what, extra) => {
      const { id, headers, body } = sign(EVENT);
      const { 'content-type': _replaced, ...signature } = headers;
      const answer = await post(app.webhookUrl, { ...signature, ...extra }, body);
      expect([answer.status, answer.headers['postack-receipt']]).toEqual([204, 'accepted']);
      expect((await stored(id))[0]!.body.toString()).toBe(EVENT);
    });

    it('may wait for "100 Continue" first', async () => {
      const { headers, body } = sign(EVENT);
      const { request, answer } = openPost(app.webhookUrl, { ...headers, expect: '100-continue' });
      request.flushHeaders();
      await once(request, 'continue');
      request.end(body);
      expect((await answer).status).toBe(204);
    });

    describe('that is over the limit is answered 413', () => {
      const tooLong = () => sign(EVENT.padEnd(LIMIT_BYTES + 1));

      it('by its declared length, without waiting for it', async () => {
        const { id, headers } = tooLong();
        const { request, answer } = openPost(app.webhookUrl, {
          ...headers,
          'content-length': LIMIT_BYTES + 1,
        });
        request.flushHeaders();
        expectProblem(await answer, 413);
        request.destroy();
        expect(await stored(id)).toEqual([]);
        await expectAlive();
      });

      it('by its declared length, although all of it is sent', async () => {
        const { id, headers, body } = tooLong();
        expectProblem(await post(app.webhookUrl, headers, body), 413);
        expect(await stored(id)).toEqual([]);
      });

      it('without declared length, once it is past the limit', async () => {
        const { id, headers, body } = tooLong();
        const { request, answer } = openPost(app.webhookUrl, { ...headers, 'transfer-encoding': 'chunked' });
        request.write(body);
        expectProblem(await answer, 413);
        request.destroy();
        expect(await stored(id)).toEqual([]);
        await expectAlive();
      });

      it('even when it is a hundred times as long and not authentic', async () => {
        const before = counted('too-large');
        const body = Buffer.alloc(100 * LIMIT_BYTES);
        expectProblem(await post(app.webhookUrl, { 'content-type': 'application/json' }, body), 413);
        expect(counted('too-large')).toBe(before + 1);
      });
    });

    it.each([
      ['nothing of it came', 0],
      ['the rest of it does not come', 10],
    ])('is answered 408 when %s in time', async (_what, sentBytes) => {
      const { id, headers, body } = sign(EVENT);
      const { request, answer } = openPost(app.webhookUrl, { ...headers, 'content-length': body.length });
      request.flushHeaders();
      if (sentBytes > 0) request.write(body.subarray(0, sentBytes));
      expectProblem(await answer, 408);
      request.destroy();
      expect(await stored(id)).toEqual([]);
      await expectAlive();
    });

    it.each([
      ['with declared length', (length: number) => ({ 'content-length': length })],
      ['without', () => ({ 'transfer-encoding': 'chunked' })],
    ])('that is cut off, %s, is not stored, and the server lives on', async (_which, lengthHeader) => {
      const before = counted('cut-off');
      const server = app.application.getHttpServer() as Server;
      const { id, headers, body } = sign(EVENT);
      const { request } = openPost(app.webhookUrl, { ...headers, ...lengthHeader(body.length) });
      const received = once(server, 'request');
      request.write(body.subarray(0, 10));
      await received;
      request.destroy();
      await waitUntil(() => counted('cut-off') > before || undefined, { what: () => 'the end of the body' });
      expect(await stored(id)).toEqual([]);
      await expectAlive();
    });

    it('leaves the connection usable after each answer that needed all of it', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const event = sign(EVENT);
      const forged = { ...event.headers, 'svix-id': 'msg_forged' };
      const quarantined = sign('not JSON');
      const tooLong = sign(EVENT.padEnd(LIMIT_BYTES + 1));
      const send = ({ headers, body }: Pick<typeof event, 'headers' | 'body'>) =>
        post(app.webhookUrl, headers, body, agent);
      const answers = [];
      for (const one of [event, event, { ...event, headers: forged }, quarantined, event, tooLong, event]) {
        answers.push(await send(one));
      }
      agent.destroy();
      expect(answers.map(({ status }) => status)).toEqual([204, 204, 401, 204, 204, 413, 204]);
      expect(answers.map(({ reusedSocket }) => reusedSocket)).toEqual([
        false,
        true,
        true,
        true,
        true,
        true,
        // The rest of a body that is too long may still be on its way.
        false,
      ]);
    });

    it('may be followed by the next request before the first is answered', async () => {
      const { hostname, port, pathname } = new URL(app.webhookUrl);
      const requests = [sign(EVENT), sign('not JSON'), sign(EVENT)].map(
        ({ headers, body }, index, { length }) => {
          const lines = Object.entries({
            host: hostname,
            ...headers,
            'content-length': body.length,
            connection: index === length - 1 ? 'close' : 'keep-alive',
          }).map(([name, value]) => `${name}: ${value}\r\n`);
          return `POST ${pathname} HTTP/1.1\r\n${lines.join('')}\r\n${body.toString()}`;
        },
      );
      const socket = createConnection(Number(port), hostname);
      socket.write(requests.join(''));
      const answers = await text(socket);
      expect(answers.match(/^HTTP\/1\.1 \d+/gm)).toEqual(Array(3).fill('HTTP/1.1 204'));
      expect(answers.match(/^postack-receipt: \w+/gim)?.map((line) => line.split(' ')[1])).toEqual([
        'accepted',
        'quarantined',
        'accepted',
      ]);
    });
  });
});
