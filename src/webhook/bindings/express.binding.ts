import type { RequestListener } from 'node:http';
import type { WebhookHandler } from '../webhook-answer.js';

/** What is used of an Express 5 application. */
interface ExpressApplication extends RequestListener {
  post(path: string, handler: WebhookHandler): unknown;
  router: { stack: unknown[] };
}

/**
 * Binds `POST path` as the very first layer of an Express application: Nest has registered its body parsers and
 * the host's middleware by now, and Express runs layers in their order.
 *
 * @returns what Express listens to a server's requests with.
 */
export function bindExpressRoute(
  application: ExpressApplication,
  path: string,
  handler: WebhookHandler,
): RequestListener {
  application.post(path, (request, response) => {
    handler(request, response);
  });
  const { stack } = application.router;
  stack.unshift(stack.pop());
  return application;
}
