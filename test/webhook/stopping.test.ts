import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Post } from '@nestjs/common';
import { MessageSentEvent, OnPostackEvent } from '../../src/index.js';
import { signWebhook } from '../../src/testing/index.js';
import { ServiceProcesses } from '../support/service-process.js';
import {
  ADAPTERS,
  messageBody,
  startTestApplication,
  TEST_SECRET,
  type TestApplication,
} from '../support/test-application.js';
import { createTestDatabase } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';

const WEBHOOKS = '/api/v1/webhooks';

/** A connection of a client, and what came back on it. */
class Client {
  received = '';
  readonly #socket: Socket;

  constructor(origin: string) {
    const { port } = new URL(origin);
    this.#socket = connect({ port: Number(port), host: '127.0.0.1' });
    this.#socket.on('error', () => undefined).setEncoding('latin1');
    this.#socket.on('data', (text: string) => (this.received += text));
  }

  async open(): Promise<this> {
    await once(this.#socket, 'connect');
    return this;
  }

  write(text: string): this {
    this.#socket.write(text);
    return this;
  }

  get statuses(): number[] {
    return [...this.received.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
  }

  get isClosed(): boolean {
    return this.#socket.closed;
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

function webhook(path: string): string {
  const { headers, body } = signWebhook({ secret: TEST_SECRET, body: messageBody('message.delivered') });
  const lines = Object.entries({ host: 'test', 'content-length': String(body.length), ...headers });
  return `POST ${path} HTTP/1.1\r\n${lines.map((line) => line.join(': ')).join('\r\n')}\r\n\r\n${body.toString()}`;
}

/** Clients that keep connections open: silent, in the middle of a header, and of a body. */
async function stubbornClients(origin: string, otherPath: string): Promise<Client[]> {
  const start = (path: string) => `POST ${path} HTTP/1.1\r\nhost: test\r\ncontent-length: 100\r\n`;
  const json = 'content-type: application/json\r\n\r\n{"half":';
  const texts = ['', 'POST /api', start(WEBHOOKS), `${start(WEBHOOKS)}${json}`, `${start(otherPath)}${json}`];
  const clients = await Promise.all(texts.map(() => new Client(origin).open()));
  clients.forEach((client, index) => client.write(texts[index]!));
  return clients;
}

@Injectable()
class Waiting {
  readonly release = Promise.withResolvers<undefined>();
  isRunning = false;

  @OnPostackEvent(MessageSentEvent, { name: 'waiting' })
  async wait(): Promise<void> {
    this.isRunning = true;
    await this.release.promise;
  }
}

@Controller('own')
class OwnController {
  @Get()
  get(): string {
    return 'own';
  }

  @Post()
  post(): string {
    return 'own';
  }
}

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (let one = undo.pop(); one; one = undo.pop()) await one();
}, 60_000);

async function connectTo(origin: string): Promise<Client> {
  const client = await new Client(origin).open();
  undo.push(() => {
    client.destroy();
  });
  return client;
}

describe.each(ADAPTERS)('An application on %s that closes', (adapter) => {
  const start = async (shutdownTimeoutMs: number): Promise<TestApplication> => {
    const app = await startTestApplication({
      adapter,
      providers: [Waiting],
      controllers: [OwnController],
      options: { shutdownTimeoutMs },
    });
    undo.push(() => app.close());
    return app;
  };

  it('answers busy keep-alive connections 503 at once, and closes them', async () => {
    const app = await start(25_000);
    const waiting = app.application.get(Waiting);
    await app.post(messageBody('message.sent'));
    await waitUntil(() => waiting.isRunning || undefined, { what: () => 'the listener to run' });
    const [busy, other] = [await connectTo(app.origin), await connectTo(app.origin)];
    busy.write(webhook(WEBHOOKS));
    other.write('GET /own HTTP/1.1\r\nhost: test\r\n\r\n');
    await waitUntil(() => (busy.statuses.length > 0 && other.statuses.length > 0) || undefined, {
      what: () => 'both responses',
    });
    expect([busy.statuses, other.statuses]).toEqual([[204], [200]]);
    expect(busy.received).not.toMatch(/^connection: close/im);

    const closed = app.application.close();
    busy.received = '';
    other.received = '';
    busy.write(webhook(WEBHOOKS));
    other.write('GET /own HTTP/1.1\r\nhost: test\r\n\r\n');
    await waitUntil(() => (busy.isClosed && other.isClosed) || undefined, { what: () => 'both ends' });
    expect(busy.statuses).toEqual([503]);
    expect(busy.received).toMatch(/^connection: close/im);
    expect(busy.received).toMatch(/^retry-after: 5/im);
    // The routes of the application answer until it is closed.
    expect(other.statuses).toEqual([200]);
    expect(other.received).toMatch(/^connection: close/im);
    waiting.release.resolve(undefined);
    await closed;
  });

  it('does so while clients are silent, or in the middle of a header or a body', async () => {
    const app = await start(2000);
    const clients = await stubbornClients(app.origin, '/own');
    undo.push(() => {
      for (const client of clients) client.destroy();
    });
    // All have arrived: this one comes last.
    expect((await app.post(messageBody('message.delivered'))).status).toBe(204);
    await app.application.close();
    await waitUntil(() => clients.every(({ isClosed }) => isClosed) || undefined, { what: () => 'all ends' });
  });
});

describe.each(ADAPTERS)('The service on %s', (adapter) => {
  it('ends on SIGTERM within shutdownTimeoutMs and 5 s, whatever clients do', async () => {
    const database = await createTestDatabase();
    undo.push(() => database.drop());
    const processes = new ServiceProcesses();
    undo.push(() => processes.clear());
    const service = processes.start(await processes.directory(), {
      DATABASE_URL: database.url,
      POSTACK_WEBHOOK_SECRET: TEST_SECRET,
      POSTACK_ADMIN_KEY: 'a-long-enough-admin-key',
      POSTACK_HTTP_ADAPTER: adapter,
    });
    const { origin } = await service.banner();
    const clients = await stubbornClients(origin, '/api/v1/outbox');
    undo.push(() => {
      for (const client of clients) client.destroy();
    });
    const busy = await connectTo(origin);
    busy.write(webhook(WEBHOOKS));
    await waitUntil(() => busy.statuses.length > 0 || undefined, { what: () => 'the first response' });
    service.kill('SIGTERM');
    while (!busy.isClosed) {
      busy.write(webhook(WEBHOOKS));
      await sleep(5);
    }
    expect(busy.statuses.filter((status) => status !== 204 && status !== 503)).toEqual([]);
    let exitCode: unknown;
    void service.exit.then((code) => (exitCode = code));
    await waitUntil(() => exitCode !== undefined || undefined, { what: () => 'the exit', timeoutMs: 30_000 });
    expect(exitCode).toBe(0);
  }, 90_000);
});
