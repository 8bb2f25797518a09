import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { type INestApplication, Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { EventQueries } from '../../src/index.js';
import { signWebhook } from '../../src/testing/index.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { ADAPTERS, TEST_SECRET } from '../support/test-application.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';
import { expectWebhooksWork, hostModule, newAdapter, startHost } from './host-application.js';

let database: TestDatabase;
let dataSource: DataSource;
const undo: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openDataSource(database.url);
});
afterEach(async () => {
  Logger.overrideLogger(false);
  for (let one = undo.pop(); one; one = undo.pop()) await one();
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

/** Until the end of the test. */
function closing<App extends { close(): Promise<unknown> }>(application: App): App {
  undo.push(() => application.close());
  return application;
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo.push(async () => {
    server.closeAllConnections();
    server.close();
    await Promise.resolve();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const testingModule = () => Test.createTestingModule({ imports: [hostModule({ dataSource })] }).compile();

describe('WebhookRoute', () => {
  describe.each(ADAPTERS)("in a host's own end-to-end test on %s", (adapter) => {
    it('webhooks work through Test.createTestingModule and a listening application', async () => {
      const application: INestApplication = closing(
        (await testingModule()).createNestApplication(newAdapter(adapter), { logger: false }),
      );
      await application.listen(0, '127.0.0.1');
      await expectWebhooksWork(await application.getUrl());
    });
  });

  describe("in a host's own end-to-end test", () => {
    it('webhooks work on the server of an application that is only initialised, on Express by default', async () => {
      const application: INestApplication = closing(
        (await testingModule()).createNestApplication({ logger: false }),
      );
      await application.init();
      await expectWebhooksWork(await listen(application.getHttpServer() as Server));
    });

    it("webhooks work through Fastify's inject, without a server", async () => {
      const application = closing(
        (await testingModule()).createNestApplication<NestFastifyApplication>(new FastifyAdapter(), {
          logger: false,
        }),
      );
      await application.init();
      await application.getHttpAdapter().getInstance().ready();
      const { headers, body } = signWebhook({ secret: TEST_SECRET, body: { type: 'message.received' } });
      const url = '/api/v1/webhooks';
      const accepted = await application.inject({ method: 'POST', url, headers, payload: body });
      expect([accepted.statusCode, accepted.headers['postack-receipt']]).toEqual([204, 'accepted']);
      const forged = { ...headers, 'svix-id': 'msg_forged' };
      const refused = await application.inject({ method: 'POST', url, headers: forged, payload: body });
      expect([refused.statusCode, refused.json()]).toEqual([401, expect.objectContaining({ status: 401 })]);
    });
  });

  describe('where there is no HTTP', () => {
    it('an application context starts, and has the event log', async () => {
      const context = closing(
        await NestFactory.createApplicationContext(hostModule({ dataSource, options: { role: 'all' } }), {
          logger: false,
          abortOnError: false,
        }),
      );
      expect(await context.get(EventQueries).find('msg_never')).toBeNull();
    });

    it('a compiled testing module starts on its own', async () => {
      const module = closing(await testingModule());
      await module.init();
      expect(await module.get(EventQueries, { strict: false }).find('msg_never')).toBeNull();
    });
  });

  describe.each(ADAPTERS)('on %s', (adapter) => {
    it.each([
      ['all', 401],
      ['accept', 401],
      ['work', 404],
    ] as const)('a process of the role "%s" answers an unsigned webhook with %i', async (role, status) => {
      const { application, origin } = await startHost({ adapter, dataSource, options: { role } });
      closing(application);
      expect((await fetch(`${origin}/api/v1/webhooks`, { method: 'POST' })).status).toBe(status);
    });

    it('a body that something outside of Nest has read is a 500, and the log says why', async () => {
      const log = new RecordingLogger();
      const { server, application } = await hostBehindReader(adapter, log);
      closing(application);
      const origin = await listen(server);
      const { headers, body } = signWebhook({ secret: TEST_SECRET, body: '{"type":"message.received"}' });
      const response = await fetch(`${origin}/api/v1/webhooks`, { method: 'POST', headers, body });
      expect([response.status, await response.json()]).toEqual([
        500,
        expect.objectContaining({ status: 500 }),
      ]);
      expect(log.lines.join('\n')).toContain(
        'Webhook answered with 500: other code read the body of POST /api/v1/webhooks first',
      );
    });
  });

  /** Reads each body, as a serverless platform does, before Nest sees the request. */
  async function hostBehindReader(adapter: (typeof ADAPTERS)[number], log: RecordingLogger) {
    const create = (http: ExpressAdapter | FastifyAdapter) =>
      NestFactory.create(hostModule({ dataSource }), http, { logger: log, abortOnError: false });
    type Handler = (request: IncomingMessage, response: ServerResponse) => void;
    const readingServer = (handler: Handler) =>
      createServer((request, response) => {
        void buffer(request).then(() => {
          handler(request, response);
        });
      });
    if (adapter === 'express') {
      const http = new ExpressAdapter();
      const application = await create(http);
      await application.init();
      return { application, server: readingServer(http.getInstance<Handler>()) };
    }
    const http = new FastifyAdapter({ serverFactory: readingServer });
    const application = await create(http);
    await application.init();
    await http.getInstance().ready();
    return { application, server: http.getHttpServer() };
  }

  describe('at the start', () => {
    it('an HTTP adapter that is neither Express nor Fastify is refused by name', async () => {
      class KoaAdapter extends ExpressAdapter {
        override getType(): string {
          return 'koa';
        }
      }
      await expect(startHost({ adapter: new KoaAdapter(), dataSource })).rejects.toThrow(
        'PostackModule runs on Express and on Fastify, not on the HTTP adapter "koa"',
      );
    });

    it('an Express application that the host made and serves itself gets the route too', async () => {
      const http = new ExpressAdapter();
      const application = closing(
        await NestFactory.create(hostModule({ dataSource }), http, { logger: false, abortOnError: false }),
      );
      await application.init();
      await expectWebhooksWork(await listen(createServer(http.getInstance())));
    });
  });
});
