import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { ConfigurationError } from '../../errors/configuration-error.js';
import type { WebhookHandler } from '../webhook-answer.js';

/** What is used of a Fastify 5 instance. */
interface FastifyInstance {
  routing: RequestListener;
  hasRoute(route: { method: 'POST'; url: string }): boolean;
  register(plugin: (scope: FastifyInstance) => Promise<void>): unknown;
  route(options: {
    method: 'POST';
    url: string;
    onRequest: (
      request: { raw: IncomingMessage },
      reply: { raw: ServerResponse; hijack(): void },
      done: () => void,
    ) => void;
    handler: () => void;
  }): unknown;
}

/**
 * Binds `POST path` in a Fastify scope of its own. The request is answered in the first hook, before Fastify looks
 * at its content type, and without the hooks of the host: Nest runs all middleware in one.
 *
 * @returns what Fastify listens to a server's requests with.
 * @throws {ConfigurationError} when the host has that route: Fastify allows no two of them.
 */
export function bindFastifyRoute(
  instance: FastifyInstance,
  path: string,
  handler: WebhookHandler,
): RequestListener {
  if (instance.hasRoute({ method: 'POST', url: path })) {
    throw new ConfigurationError('PostackModule options', [
      `"path": your application has a route POST ${path} of its own. Remove that one, or set another path`,
    ]);
  }
  instance.register((scope) => {
    forgetInheritedHooks(scope);
    scope.route({
      method: 'POST',
      url: path,
      onRequest: (request, reply, _done) => {
        reply.hijack();
        handler(request.raw, reply.raw);
      },
      handler: () => undefined,
    });
    return Promise.resolve();
  });
  return instance.routing;
}

/**
 * A scope starts with a copy of its parent's hooks, and Fastify has no public way to start without. Should its
 * name for them change, they stay: then the host's middleware and hooks run before the route.
 */
function forgetInheritedHooks(scope: object): void {
  const key = Object.getOwnPropertySymbols(scope).find(({ description }) => description === 'fastify.hooks');
  const hooks = key && (scope as Record<symbol, Record<string, unknown[]> | undefined>)[key];
  if (hooks) for (const name of REQUEST_HOOKS) hooks[name] = [];
}

const REQUEST_HOOKS = [
  'onRequest',
  'preParsing',
  'preValidation',
  'preHandler',
  'preSerialization',
  'onSend',
  'onResponse',
  'onError',
  'onTimeout',
  'onRequestAbort',
];
