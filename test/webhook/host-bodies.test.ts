import { createRequire } from 'node:module';
import { All, Body, Controller, Get, Post, Put, type RawBodyRequest, Req } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { ADAPTERS } from '../support/test-application.js';
import { createTestDatabase, openDataSource, type TestDatabase } from '../support/test-database.js';
import {
  type AdapterName,
  expectWebhooksWork,
  type Host,
  type HostSetup,
  startHost,
} from './host-application.js';

type BodyParser = (...parts: unknown[]) => void;
const express = createRequire(import.meta.url)('express') as Record<
  'json' | 'urlencoded' | 'text',
  (options?: object) => BodyParser
>;

/** Tells what the host's parsers made of a body; on routes of its own, and on our path with other methods. */
@Controller()
class EchoController {
  @Post(['echo', 'api/v1/webhooks/echo'])
  echo(@Body() body: unknown, @Req() { rawBody }: RawBodyRequest<object>) {
    return {
      type: Buffer.isBuffer(body) ? 'buffer' : typeof body,
      body: Buffer.isBuffer(body) ? body.toString() : body,
      raw: rawBody?.toString(),
    };
  }

  @Put('api/v1/webhooks')
  echoPut(@Body() body: unknown, @Req() request: RawBodyRequest<object>) {
    return this.echo(body, request);
  }

  @Get('api/v1/webhooks')
  describe(): string {
    return 'where webhooks come in';
  }
}

const BODIES: [contentType: string | undefined, body: string][] = [
  ['application/json', '{"a":1}'],
  ['application/json; charset=utf-8', ' { "a" : "é" } '],
  ['application/json', 'not JSON'],
  ['application/json', ''],
  ['application/json', JSON.stringify({ long: 'x'.repeat(150_000) })],
  ['application/vnd.api+json', '{"a":1}'],
  ['application/x-www-form-urlencoded', 'a=1&b=%C3%A9&c[d]=2'],
  ['text/plain', 'text'],
  ['application/octet-stream', 'bytes'],
  ['application/x-own', 'own'],
  [undefined, 'bare'],
];

const TARGETS: [method: string, path: string][] = [
  ['POST', '/echo'],
  ['PUT', '/api/v1/webhooks'],
  ['POST', '/api/v1/webhooks/echo'],
];

/** Each way in which a host may decide about its bodies. */
const PARSING: Record<AdapterName, Record<string, Omit<HostSetup, 'adapter'>>> = {
  express: {
    'the parsers of Nest': {},
    'raw bodies kept': { nest: { rawBody: true } },
    'no parsers': { nest: { bodyParser: false } },
    'parsers of Express': {
      nest: { bodyParser: false },
      configure: (app) => app.use(express.json({ type: '*/*', limit: 1_000_000 }), express.urlencoded()),
    },
    'more parsers': {
      nest: { rawBody: true },
      configure: (app) => {
        const host = app as NestExpressApplication;
        host.useBodyParser('text').useBodyParser('raw', { type: 'application/x-own' });
        host.useBodyParser('json', { limit: '1mb' });
      },
    },
    'a parser in middleware for some routes': {
      nest: { bodyParser: false },
      middleware: (consumer) => consumer.apply(express.text({ type: '*/*' })).forRoutes('api/*path'),
    },
  },
  fastify: {
    'the parsers of Nest': {},
    'raw bodies kept': { nest: { rawBody: true } },
    'no parsers': { nest: { bodyParser: false } },
    'more parsers': {
      nest: { rawBody: true },
      configure: (app) => {
        const host = app as NestFastifyApplication;
        host.useBodyParser('application/x-own');
        host.useBodyParser('application/json', { bodyLimit: 1000 });
      },
    },
    'parsers of Fastify': {
      configure: (app) => {
        const fastify = (app as NestFastifyApplication).getHttpAdapter().getInstance();
        fastify.addContentTypeParser('application/x-own', { parseAs: 'string' }, (_request, body, done) => {
          done(null, { own: body });
        });
        fastify.addContentTypeParser('*', (_request, _payload, done) => {
          done(null, 'anything');
        });
      },
    },
  },
};

let database: TestDatabase;
let dataSource: DataSource;
const hosts: Host[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await openDataSource(database.url);
});
afterEach(async () => {
  for (const { application } of hosts.splice(0)) await application.close();
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

async function start(setup: HostSetup): Promise<string> {
  const host = await startHost({ ...setup, controllers: [EchoController] });
  hosts.push(host);
  return host.origin;
}

async function answersOf(origin: string) {
  const answers: unknown[] = [];
  for (const [method, path] of TARGETS) {
    for (const [contentType, text] of BODIES) {
      // As bytes, so that fetch adds no content type of its own.
      const body = new TextEncoder().encode(text);
      const headers = contentType === undefined ? undefined : { 'content-type': contentType };
      const response = await fetch(`${origin}${path}`, { method, body, headers });
      const request = [method, path, contentType, text.slice(0, 20)].join(' ');
      answers.push({ request, status: response.status, answer: await response.text() });
    }
  }
  return answers;
}

describe('WebhookRoute', () => {
  describe.each(ADAPTERS)('a host on %s', (adapter) => {
    it.each(Object.entries(PARSING[adapter]))(
      'with %s reads every body on its own routes exactly as without us, and webhooks work',
      async (_name, setup) => {
        const without = await start({ ...setup, adapter });
        const withUs = await start({ ...setup, adapter, dataSource });
        expect(await answersOf(withUs)).toEqual(await answersOf(without));
        await expectWebhooksWork(withUs);
      },
    );

    it('has its JSON parsed, which shows that the comparison compares something', async () => {
      const origin = await start({ adapter, dataSource, nest: { rawBody: true } });
      expect(await answersOf(origin)).toContainEqual({
        request: 'PUT /api/v1/webhooks application/json {"a":1}',
        status: 200,
        answer: '{"type":"object","body":{"a":1},"raw":"{\\"a\\":1}"}',
      });
    });

    it.each([
      ['@Post()', Post],
      ['@All()', All],
    ])(
      'with %s on our path is told so at the start (Fastify), or comes second (Express)',
      async (_name, Method) => {
        @Controller()
        class RivalController {
          @Method('api/v1/webhooks')
          receive(): string {
            return 'mine';
          }
        }
        const starting = startHost({ adapter, dataSource, controllers: [RivalController] });
        if (adapter === 'fastify') {
          await expect(starting).rejects.toThrow(
            'your application has a route POST /api/v1/webhooks of its own',
          );
          return;
        }
        hosts.push(await starting);
        await expectWebhooksWork(hosts[0]!.origin);
      },
    );

    it('answers GET on the path of the webhooks itself', async () => {
      const origin = await start({ adapter, dataSource });
      const response = await fetch(`${origin}/api/v1/webhooks`);
      expect([response.status, await response.text()]).toEqual([200, 'where webhooks come in']);
    });
  });
});
