import {
  type IncomingMessage,
  type RequestListener,
  Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { Server as HttpsServer } from 'node:https';
import type { WebhookHandler } from '../webhook-answer.js';

/**
 * Answers `POST path` on the server itself, before its HTTP library sees the request: Express alone would cost more
 * than all that is done here. Only where the library is all that listens to the server's requests; where there is
 * anything else (somebody's wrapper, HTTP/2, no server at all), the route that the library has is the way in.
 *
 * @param library The HTTP library's own listener: no other one is taken over.
 */
export function interceptRequests(
  server: unknown,
  path: string,
  handler: WebhookHandler,
  library: RequestListener,
): void {
  if (!(server instanceof HttpServer) && !(server instanceof HttpsServer)) return;
  const listeners = server.listeners('request');
  if (listeners.length !== 1 || listeners[0] !== library) return;
  const pathWithQuery = `${path}?`;
  server.off('request', library);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { method, url = '' } = request;
    // A server that has stopped listening is being closed: what the library answers then is its own affair.
    if (method === 'POST' && (url === path || url.startsWith(pathWithQuery)) && server.listening) {
      handler(request, response);
    } else library.call(server, request, response);
  });
}
