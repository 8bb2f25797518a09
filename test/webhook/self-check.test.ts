import type { RequestListener, Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { WebhookCounters } from '../../src/index.js';
import { ADAPTERS } from '../support/test-application.js';
import { expectWebhooksWork } from './host-application.js';
import { checkedHosts, STARTED, wrapServer } from './self-check-host.js';

const { start, lines, failure } = checkedHosts();

describe('WebhookRoute', () => {
  describe.each(ADAPTERS)('checks at the start that it comes first, on %s, and', (adapter) => {
    it('says nothing in a host with middleware and hooks, none of which see the check', async () => {
      const seen: string[] = [];
      const note = (request: { url: string }, _response: unknown, next: () => void) => {
        seen.push(request.url);
        next();
      };
      const host = await start({
        adapter,
        middleware: (consumer) => consumer.apply(note).forRoutes('{*path}'),
        configure: (created) => created.use(note),
      });
      await expectWebhooksWork(await host.getUrl());
      expect(lines()).toEqual([STARTED]);
      expect(seen).toEqual([]);
      expect(host.get(WebhookCounters).snapshot()).toEqual({
        accepted: 1,
        duplicate: 1,
        quarantined: 1,
        'no-matching-signature': 1,
      });
    });

    it('says nothing when the server is wrapped by what passes webhooks on, as WebSocket libraries do', async () => {
      const host = await start({ adapter }, (initialised) => {
        wrapServer(initialised, (inner) => (request, response) => {
          if (request.url === '/socket') response.end('the wrapper');
          else inner(request, response);
        });
      });
      await expectWebhooksWork(await host.getUrl());
      expect(lines()).toEqual([STARTED]);
    });

    it.each<[what: string, wrap: (inner: RequestListener) => RequestListener]>([
      [
        'answers it with 403',
        () => (_request, response) => {
          response.writeHead(403).end();
        },
      ],
      [
        'answers it with 401',
        () => (_request, response) => {
          setImmediate(() => response.writeHead(401).end());
        },
      ],
      [
        'reads its body',
        (inner) => (request, response) => {
          void buffer(request).then(() => {
            inner(request, response);
          });
        },
      ],
      [
        'changes its header "svix-id"',
        (inner) => (request, response) => {
          delete request.headers['svix-id'];
          inner(request, response);
        },
      ],
      [
        'answers it with 200',
        (inner) => (request, response) => {
          inner(request, response);
          response.end('the wrapper');
        },
      ],
      [
        'throws TypeError: no such thing',
        () => () => {
          throw new TypeError('no such thing');
        },
      ],
      ['does not pass it on within 2000 ms', () => () => undefined],
    ])('says so when a wrapper of the server %s', async (what, wrap) => {
      await start({ adapter }, (initialised) => {
        wrapServer(initialised, wrap);
      });
      expect(await failure()).toBe(
        `a listener for the "request" event of the HTTP server ${what}. Make it leave POST /api/v1/webhooks alone`,
      );
    });

    it('says so when something besides it answers the requests of the server', async () => {
      await start({ adapter }, (initialised) => {
        (initialised.getHttpServer() as Server).on('request', (_request, response) => {
          response.writeHead(404).end();
        });
      });
      expect(await failure()).toContain('answers it with 404');
    });
  });
});
