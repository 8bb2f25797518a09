import {
  type IncomingMessage,
  type RequestListener,
  Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { Server as HttpsServer } from 'node:https';
import { isWebhookUrl } from './webhook-url.js';

/**
 * Answers `POST path` on the server itself, before its HTTP library sees the request: Express alone would cost more
 * than the whole webhook route. Only where the library is the server's only listener for requests; everywhere else
 * (wrapped servers, HTTP/2, no server at all), the route in the library takes the requests.
 *
 * @param library The HTTP library's own listener: no other one is replaced.
 * @returns Whether the server is intercepted.
 */
export function interceptRequests(
  server: unknown,
  path: string,
  handler: RequestListener,
  library: RequestListener,
): boolean {
  if (!isNodeServer(server)) return false;
  const listeners = server.listeners('request') as RequestListener[];
  const [next] = listeners;
  // Each endpoint is in front of those before it.
  if (!next || listeners.length !== 1 || (next !== library && !interceptors.has(next))) return false;
  const interceptor = (request: IncomingMessage, response: ServerResponse) => {
    const { method, url = '' } = request;
    if (method === 'POST' && isWebhookUrl(url, path)) handler(request, response);
    else next.call(server, request, response);
  };
  interceptors.add(interceptor);
  server.off('request', next);
  server.on('request', interceptor);
  return true;
}

/** The listeners that this module has put in front of HTTP libraries. */
const interceptors = new WeakSet<RequestListener>();

/** Whether it is an HTTP/1.1 server of Node. */
export function isNodeServer(server: unknown): server is HttpServer | HttpsServer {
  return server instanceof HttpServer || server instanceof HttpsServer;
}
