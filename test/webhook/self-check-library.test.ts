import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import {
  type INestApplication,
  Module,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { describe, expect, it } from '@jest/globals';
import { signWebhook } from '../../src/testing/index.js';
import { TEST_SECRET } from '../support/test-application.js';
import { expectWebhooksWork } from './host-application.js';
import { checkedHosts, FAILED, STARTED, wrapServer } from './self-check-host.js';

const { start, lines, failure } = checkedHosts();

type Layer = (request: IncomingMessage, response: unknown, next: () => void) => void;

interface Express {
  use(layer: Layer): unknown;
  router: { stack: { name: string }[] };
}

/** Puts a layer at the front of the router, for which Express has no method. */
function spliceIn(adapter: { getInstance(): unknown }, layer: Layer): void {
  const express = adapter.getInstance() as Express;
  express.use(layer);
  express.router.stack.unshift(express.router.stack.pop()!);
}

describe('WebhookRoute', () => {
  describe('on Express', () => {
    const OTHERS = ". Webhooks to the application's own HTTP server do not pass through Express; others do";
    const FIX = ". Add it with app.use() instead of putting it at the front of the router's stack";

    function auth(_request: unknown, _response: unknown, next: () => void): void {
      next();
    }

    it('names a layer that was put before it between init() and listen()', async () => {
      const host = await start({ adapter: 'express' }, (initialised) => {
        spliceIn(initialised.getHttpAdapter(), auth);
      });
      expect(await failure()).toBe(`Express runs the layer "auth" first${FIX}${OTHERS}`);
      await expectWebhooksWork(await host.getUrl());
    });

    it('names, once, a layer that a module put before it', async () => {
      @Module({})
      class LateModule implements OnModuleInit {
        constructor(private readonly adapterHost: HttpAdapterHost) {}

        onModuleInit(): void {
          spliceIn(this.adapterHost.httpAdapter, auth);
        }
      }
      const host = await start({ adapter: 'express', providers: [LateModule] });
      await expectWebhooksWork(await host.getUrl());
      expect(lines()).toEqual([STARTED, `${FAILED}Express runs the layer "auth" first${FIX}${OTHERS}`]);
    });

    it('says when Express has no list of layers', async () => {
      const adapter = new ExpressAdapter();
      const express = adapter.getInstance<Express>();
      const { router } = express;
      const withoutStack = new Proxy(router, {
        get: (target, name) => {
          const value: unknown = name === 'stack' ? undefined : Reflect.get(target, name);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
      Object.defineProperty(express, 'router', { get: () => withoutStack });
      const host = await start({ adapter });
      expect(await failure()).toMatch(
        /^this version of Express does not keep its layers in "router.stack", so/,
      );
      await expectWebhooksWork(await host.getUrl());
    });

    it('stops the start when the server is wrapped, and a layer before it answers webhooks', async () => {
      @Module({})
      class LateModule implements OnModuleInit {
        constructor(private readonly adapterHost: HttpAdapterHost) {}

        onModuleInit(): void {
          spliceIn(this.adapterHost.httpAdapter, (_request, response) => {
            (response as { sendStatus(status: number): void }).sendStatus(403);
          });
        }
      }
      const starting = start({
        adapter: 'express',
        providers: [LateModule],
        configure: (created) => {
          wrapServer(created, (inner) => (request, response) => {
            inner(request, response);
          });
        },
      });
      await expect(starting).rejects.toMatchObject({
        code: 'POSTACK_CONFIGURATION_INVALID',
        message: expect.stringContaining(
          'Webhook route POST /api/v1/webhooks: webhooks do not reach it through Express: Express runs the layer ' +
            '"<anonymous>" first',
        ),
      });
    });
  });

  describe('on Fastify', () => {
    const ALONE = ". Webhooks to the application's own HTTP server do not pass through Fastify; others do";

    /** Without a server, and so through Fastify. */
    const deliver = async (host: INestApplication) => {
      const { headers, body } = signWebhook({ secret: TEST_SECRET, body: { type: 'message.received' } });
      const fastify = (host as NestFastifyApplication).getHttpAdapter().getInstance();
      const { statusCode } = await fastify.inject({
        method: 'POST',
        url: '/api/v1/webhooks',
        headers,
        payload: body,
      });
      return statusCode;
    };
    const refuse = (_request: unknown, reply: { code(status: number): { send(): void } }) => {
      reply.code(403).send();
    };

    it('comes before hooks that a module adds after it', async () => {
      @Module({})
      class LateModule implements OnApplicationBootstrap {
        constructor(private readonly adapterHost: HttpAdapterHost) {}

        onApplicationBootstrap(): void {
          const { httpAdapter } = this.adapterHost as HttpAdapterHost<FastifyAdapter>;
          httpAdapter.getInstance().addHook('onRequest', refuse);
        }
      }
      const host = await start({ adapter: 'fastify', providers: [LateModule] });
      expect(await deliver(host)).toBe(204);
      expect((await fetch(await host.getUrl())).status).toBe(403);
      expect(lines()).toEqual([STARTED]);
    });

    it('names Fastify when that keeps its hooks elsewhere', async () => {
      const adapter = new FastifyAdapter();
      const fastify = adapter.getInstance();
      const register = fastify.register.bind(fastify) as (plugin: (scope: object) => unknown) => unknown;
      const hideHooks = (scope: object) =>
        new Proxy(scope, {
          ownKeys: (target) =>
            Reflect.ownKeys(target).filter((key) => !String(key).includes('fastify.hooks')),
        });
      const host = await start({
        adapter,
        configure: () => {
          fastify.register = ((plugin: (scope: object) => unknown) =>
            register((scope) => plugin(hideHooks(scope)))) as unknown as typeof fastify.register;
        },
      });
      expect(await failure()).toBe(
        `Fastify ${fastify.version} runs the hooks and middleware of the application first, because it does not keep ` +
          `its hooks in "fastify.hooks". Use the version that @nestjs/platform-fastify depends on${ALONE}`,
      );
      await expectWebhooksWork(await host.getUrl());
    });

    it('says so when webhooks that are not from the server do not arrive', async () => {
      const host = await start({ adapter: new FastifyAdapter({ rewriteUrl: () => '/elsewhere' }) });
      expect(await failure()).toBe(`Fastify or code of the application answers it with 404${ALONE}`);
      await expectWebhooksWork(await host.getUrl());
    });

    it('stops the start when no webhook would arrive', async () => {
      const serverFactory = (handler: RequestListener) =>
        createServer((request, response) => {
          handler(request, response);
        });
      const adapter = new FastifyAdapter({ rewriteUrl: () => '/elsewhere', serverFactory });
      await expect(start({ adapter })).rejects.toMatchObject({
        code: 'POSTACK_CONFIGURATION_INVALID',
        message:
          'Webhook route POST /api/v1/webhooks: webhooks do not reach it through Fastify: Fastify or code of the ' +
          'application answers it with 404. Let POST /api/v1/webhooks pass',
      });
    });

    it("leaves nothing in Fastify's own log", async () => {
      const lines: string[] = [];
      const stream = { write: (line: string) => lines.push(line) };
      const host = await start({ adapter: new FastifyAdapter({ logger: { level: 'info', stream } }) });
      await expectWebhooksWork(await host.getUrl());
      expect(lines.filter((line) => line.includes('/api/v1/webhooks'))).toEqual([]);
      expect(lines.length).toBeGreaterThan(0);
    });
  });
});
