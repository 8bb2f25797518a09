import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WebhookAnswer } from './webhook-answer.js';

interface FastifyReply {
  raw: ServerResponse;
  code(status: number): this;
  headers(headers: Record<string, string>): this;
  send(body?: string): this;
}

/** What is used of a Fastify 5 instance. */
interface FastifyInstance {
  register(plugin: (scope: FastifyInstance) => Promise<void>): unknown;
  removeAllContentTypeParsers(): void;
  addContentTypeParser(
    contentType: string,
    parser: (
      request: unknown,
      payload: IncomingMessage,
      done: (error: null, body: undefined) => void,
    ) => void,
  ): void;
  post(
    path: string,
    handler: (request: { raw: IncomingMessage }, reply: FastifyReply) => Promise<FastifyReply>,
  ): void;
}

/**
 * Binds `POST path` in a Fastify scope of its own, where no content type is parsed: Fastify encapsulates
 * content type parsers, so those of the host's other routes stay as they are.
 */
export function bindFastifyRoute(
  instance: FastifyInstance,
  path: string,
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<WebhookAnswer>,
): void {
  instance.register((scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => {
      done(null, undefined);
    });
    scope.post(path, async (request, reply) => {
      const { status, headers, body } = await answer(request.raw, reply.raw);
      return reply.code(status).headers(headers).send(body);
    });
    return Promise.resolve();
  });
}
