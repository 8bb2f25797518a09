import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, type INestApplication, Post } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import { interceptRequests } from '../../src/webhook/bindings/node-server.intercept.js';
import { ADAPTERS } from '../support/test-application.js';
import { expectWebhooksWork, hostsOnOneDatabase } from './host-application.js';

@Controller('api/v1/webhooks')
class NeighbourController {
  @Get()
  list(): string {
    return 'the host lists';
  }

  @Post('more')
  more(): string {
    return 'the host adds';
  }
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

const serverOf = (application: INestApplication) => application.getHttpServer() as Server;

const start = hostsOnOneDatabase();

/** The paths of all requests that the HTTP library gets to see from now on. */
function seenByLibrary(application: INestApplication): string[] {
  const seen: string[] = [];
  const { httpAdapter } = application.get(HttpAdapterHost);
  const instance = httpAdapter.getInstance<{
    router?: { handle: (request: IncomingMessage, ...rest: unknown[]) => void };
    addHook?: (name: string, hook: (request: IncomingMessage) => Promise<void>) => void;
  }>();
  if (instance.router) {
    const { router } = instance;
    const handle = router.handle.bind(router);
    router.handle = (request, ...rest) => {
      seen.push(request.url ?? '');
      handle(request, ...rest);
    };
  }
  instance.addHook?.('onRequest', (request) => {
    seen.push(request.url ?? '');
    return Promise.resolve();
  });
  return seen;
}

describe('WebhookRoute', () => {
  describe.each(ADAPTERS)('a server on %s', (adapter) => {
    it('answers webhooks before its HTTP library, and leaves every other request to it', async () => {
      let seen: string[] = [];
      const host = await start({
        adapter,
        controllers: [NeighbourController],
        configure: (application) => (seen = seenByLibrary(application)),
      });
      const { origin } = host;
      // The self-check at boot goes through the library: Express itself sees it, but no hook of Fastify's.
      expect(seen.splice(0)).toEqual(adapter === 'express' ? ['/api/v1/webhooks'] : []);
      await expectWebhooksWork(origin);
      expect((await fetch(`${origin}/api/v1/webhooks?a=b`, { method: 'POST' })).status).toBe(401);
      expect(seen).toEqual([]);

      const ask = async (method: string, path: string) => {
        const response = await fetch(`${origin}${path}`, { method });
        return [response.status, await response.text()];
      };
      expect(await ask('GET', '/api/v1/webhooks')).toEqual([200, 'the host lists']);
      expect(await ask('POST', '/api/v1/webhooks/more')).toEqual([201, 'the host adds']);
      expect((await ask('PUT', '/api/v1/webhooks'))[0]).toBe(404);
      expect((await ask('POST', '/api/v1/webhooksmore'))[0]).toBe(404);
      expect(seen).toEqual([
        '/api/v1/webhooks',
        '/api/v1/webhooks/more',
        '/api/v1/webhooks',
        '/api/v1/webhooksmore',
      ]);
    });

    it('whose requests somebody else listens to as well keeps its listeners, and webhooks work', async () => {
      const heard: string[] = [];
      let listeners: unknown[] = [];
      const host = await start({
        adapter,
        configure: (application) => {
          const server = serverOf(application);
          server.prependListener('request', (request: IncomingMessage) => heard.push(request.url ?? ''));
          listeners = server.listeners('request');
        },
      });
      await expectWebhooksWork(host.origin);
      // The self-check at boot, then four deliveries.
      expect(heard).toEqual(Array(5).fill('/api/v1/webhooks'));
      expect(serverOf(host.application).listeners('request')).toEqual([...listeners, expect.any(Function)]);
    });

    it('may be wrapped later, as WebSocket libraries do', async () => {
      const host = await start({ adapter, controllers: [NeighbourController] });
      const server = serverOf(host.application);
      const inner = server.listeners('request') as Listener[];
      server.removeAllListeners('request');
      server.on('request', (request: IncomingMessage, response: ServerResponse) => {
        if (request.url === '/socket') response.end('the wrapper');
        else for (const listener of inner) listener.call(server, request, response);
      });
      await expectWebhooksWork(host.origin);
      expect(await (await fetch(`${host.origin}/socket`)).text()).toBe('the wrapper');
      expect((await fetch(`${host.origin}/api/v1/webhooks`)).status).toBe(200);
    });
  });
});

it('interceptRequests answers several paths on one server, and leaves a server with a listener of others alone', async () => {
  const answer = (text: string) => (_request: IncomingMessage, response: ServerResponse) =>
    response.end(text);
  const library = answer('library');
  const server = createServer(library);
  expect(interceptRequests(server, '/a', answer('a'), library)).toBe(true);
  expect(interceptRequests(server, '/b', answer('b'), library)).toBe(true);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const post = async (path: string) =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST' })).text();
  expect([await post('/a'), await post('/b'), await post('/c')]).toEqual(['a', 'b', 'library']);
  server.on('request', () => undefined);
  expect(interceptRequests(server, '/c', answer('c'), library)).toBe(false);
  await new Promise((closed) => server.close(closed));
});
