import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { isWebhookUrl } from './webhook-url.js';
import { ConfigurationError } from '../../errors/configuration-error.js';

type RequestHook = (
  request: { raw: IncomingMessage },
  reply: { raw: ServerResponse; hijack(): void; callNotFound(): void },
  done: () => void,
) => void;

/** What is used of a Fastify 5 instance. */
interface FastifyInstance {
  version: string;
  routing: RequestListener;
  hasRoute(route: { method: 'POST'; url: string }): boolean;
  addHook(name: 'onReady', hook: () => Promise<void>): unknown;
  addHook(name: 'onRequest', hook: RequestHook): unknown;
  register(plugin: (scope: FastifyInstance) => Promise<void>): unknown;
  route(options: {
    method: 'POST';
    url: string;
    logLevel: string;
    onRequest: RequestHook;
    handler: () => void;
  }): unknown;
}

/**
 * Binds `POST path` in a Fastify scope of its own. The request is answered in the first hook, before Fastify looks
 * at its content type, and without the hooks of the application: Nest runs all middleware in one.
 *
 * @throws {ConfigurationError} when the application has that route: Fastify allows no two of them.
 */
export function bindFastify(instance: FastifyInstance, path: string, handler: RequestListener) {
  if (instance.hasRoute({ method: 'POST', url: path })) {
    throw new ConfigurationError('PostackModule options', [
      `"path": your application has a route POST ${path} of its own. Remove that one, or set another path`,
    ]);
  }
  let hasRunHooks = false;
  instance.register((scope) => {
    closeToHooks(scope);
    // Stands for all hooks of the application: should it run, so do they.
    scope.addHook('onRequest', (_request, _reply, done) => {
      hasRunHooks = true;
      done();
    });
    for (const url of [path, `${path}/`]) {
      // With the option "ignoreTrailingSlash" they are one.
      if (scope.hasRoute({ method: 'POST', url })) continue;
      scope.route({
        method: 'POST',
        url,
        // Else an application with Fastify's logger would find the self-check in its request log.
        logLevel: 'silent',
        onRequest: (request, reply, _done) => {
          if (!isWebhookUrl(request.raw.url ?? '', path)) {
            reply.callNotFound();
            return;
          }
          reply.hijack();
          handler(request.raw, reply.raw);
        },
        handler: () => undefined,
      });
    }
    return Promise.resolve();
  });
  return {
    library: 'Fastify',
    listener: instance.routing,
    onReady: (check: () => Promise<void>) => {
      instance.addHook('onReady', () => check());
    },
    findObstacle: () =>
      hasRunHooks
        ? `Fastify ${instance.version} runs the hooks and middleware of the application first, because it does not ` +
          'keep its hooks in "fastify.hooks". Use the version that @nestjs/platform-fastify depends on'
        : undefined,
  };
}

/**
 * A scope starts with a copy of its parent's hooks and gets those that the parent adds later; Fastify has no public
 * way to do without. The self-check finds out when its private one has changed.
 */
function closeToHooks(scope: object): void {
  const key = Object.getOwnPropertySymbols(scope).find(({ description }) => description === 'fastify.hooks');
  const hooks = key && (scope as Record<symbol, object | undefined>)[key];
  // A new array at each access: what is pushed to it is gone.
  if (hooks) for (const name of REQUEST_HOOKS) Object.defineProperty(hooks, name, { get: () => [] });
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
