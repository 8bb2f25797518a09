import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Controller, Get, type INestApplication, Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../support/test-application.js';
import { expectWebhooksWork, hostsOnOneDatabase, type HostSetup } from './host-application.js';

@Controller()
class HelloController {
  @Get('hello')
  hello(): string {
    return 'hello';
  }
}

type Next = () => void;

function refuse(_request: IncomingMessage, response: ServerResponse, _next: Next): void {
  response.statusCode = 403;
  response.end('the host refuses');
}

function readBody(request: IncomingMessage, _response: ServerResponse, next: Next): void {
  void buffer(request).then(() => {
    next();
  });
}

function addHeader(_request: IncomingMessage, response: ServerResponse, next: Next): void {
  response.setHeader('host-was-here', 'yes');
  next();
}

interface FastifyInstance {
  addHook(name: string, hook: (request: unknown, reply: Reply) => Promise<unknown>): void;
}

interface Reply {
  code(status: number): Reply;
  header(name: string, value: string): Reply;
  send(body: string): Reply;
}

function addHook(application: INestApplication, name: string, hook: (reply: Reply) => unknown): void {
  const instance = application.getHttpAdapter().getInstance() as FastifyInstance;
  instance.addHook(name, async (_request, reply) => {
    await hook(reply);
  });
}

const refusal = (reply: Reply) => reply.code(403).send('the host refuses');

type Scenario = Omit<HostSetup, 'adapter'> & { hello: number };

const BOTH: Record<string, Scenario> = {
  'app.use() that refuses everything': { configure: (app) => app.use(refuse), hello: 403 },
  'app.use() that refuses our path': { configure: (app) => app.use('/api', refuse), hello: 200 },
  'app.use() that reads every body': { configure: (app) => app.use(readBody), hello: 200 },
  'app.use() that adds a header': { configure: (app) => app.use(addHeader), hello: 200 },
  'consumer.apply() that refuses everything': {
    middleware: (consumer) => consumer.apply(refuse).forRoutes('{*path}'),
    hello: 403,
  },
  'consumer.apply() that refuses our path': {
    middleware: (consumer) => consumer.apply(refuse).forRoutes('api/v1/webhooks'),
    hello: 200,
  },
  'consumer.apply() that reads every body': {
    middleware: (consumer) => consumer.apply(readBody).forRoutes('{*path}'),
    hello: 200,
  },
  'cross-origin headers': {
    configure: (app) => {
      app.enableCors();
    },
    hello: 200,
  },
};

const FASTIFY: Record<string, Scenario> = {
  'an onRequest hook that refuses everything': {
    configure: (app) => {
      addHook(app, 'onRequest', refusal);
    },
    hello: 403,
  },
  'a preHandler hook that refuses everything': {
    configure: (app) => {
      addHook(app, 'preHandler', refusal);
    },
    hello: 403,
  },
  'an onSend hook that adds a header': {
    configure: (app) => {
      addHook(app, 'onSend', (reply) => {
        reply.header('host-was-here', 'yes');
      });
    },
    hello: 200,
  },
};

const start = hostsOnOneDatabase();

describe('WebhookRoute', () => {
  describe.each(ADAPTERS)('in a host on %s with', (adapter) => {
    it.each(Object.entries({ ...BOTH, ...(adapter === 'fastify' && FASTIFY) }))(
      '%s, webhooks are answered as ever, and the rest is as the host wants it',
      async (_name, { hello, ...setup }) => {
        const host = await start({ ...setup, adapter, controllers: [HelloController] });
        await expectWebhooksWork(host.origin);
        const response = await fetch(`${host.origin}/hello`);
        expect([response.status, await response.text()]).toEqual([
          hello,
          hello === 200 ? 'hello' : 'the host refuses',
        ]);
      },
    );

    it('a module that takes over the adapter only after ours has started, webhooks come first all the same', async () => {
      @Module({})
      class LateModule implements OnModuleInit {
        constructor(private readonly adapterHost: HttpAdapterHost) {}

        onModuleInit(): void {
          this.adapterHost.httpAdapter.use(refuse);
        }
      }
      const host = await start({ adapter, providers: [LateModule] });
      await expectWebhooksWork(host.origin);
      expect((await fetch(`${host.origin}/nowhere`)).status).toBe(403);
    });
  });
});
