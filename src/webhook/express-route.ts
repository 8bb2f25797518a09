import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WebhookAnswer } from './webhook-answer.js';

/** What is used of an Express 5 application. */
interface ExpressApplication {
  post(path: string, handler: (request: IncomingMessage, response: ServerResponse) => void): unknown;
  router: { stack: unknown[] };
}

/**
 * Binds `POST path` as the very first layer of an Express application: Nest has registered its body parsers by
 * now, and Express runs layers in their order.
 */
export function bindExpressRoute(
  application: ExpressApplication,
  path: string,
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<WebhookAnswer>,
): void {
  application.post(path, (request, response) => {
    void answer(request, response).then(({ status, headers, body }) => {
      response.writeHead(status, headers);
      response.end(body);
    });
  });
  const { stack } = application.router;
  stack.unshift(stack.pop());
}
