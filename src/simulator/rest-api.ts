import { once } from 'node:events';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import getRawBody from 'raw-body';
import { ApiError } from './api-errors.js';
import type { MessageRoutes, RouteAnswer } from './message-routes.js';
import { SlidingLimit } from './sliding-limit.js';

/** Kind of outage of the REST API: every request gets 503, or its port is closed. */
export type OutageMode = 'unavailable' | 'refused';

/** A request to the REST API. */
export interface ApiRequest {
  /** In milliseconds since 1970, with fractions; from a monotonic clock. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** Status of the response; `null` until it is sent, and if the connection was closed instead. */
  readonly status: number | null;
}

export interface RestApiSettings {
  apiKey: string;
  requestsPerSecond: number;
  hangMs: number;
}

interface SerializedResponse extends Pick<RouteAnswer, 'status' | 'spoilt'> {
  headers: OutgoingHttpHeaders;
  text: string;
}

const MAX_BODY_BYTES = 64 * 1024;
const JSON_TYPE: OutgoingHttpHeaders = { 'content-type': 'application/json' };
const HTML: OutgoingHttpHeaders = { 'content-type': 'text/html' };

/** Postack's REST API over HTTP: authorization, rate limit, and responses with their faults. */
export class RestApi {
  readonly requests: ApiRequest[] = [];
  readonly #limit: SlidingLimit;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #isUnavailable = false;
  #port = 0;

  constructor(
    private readonly settings: RestApiSettings,
    private readonly routes: MessageRoutes,
    private readonly stopSignal: AbortSignal,
  ) {
    this.#limit = new SlidingLimit(settings.requestsPerSecond);
  }

  /** Listens on 127.0.0.1. @returns the base URL. */
  async start(port: number): Promise<string> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
    return `http://127.0.0.1:${this.#port}/v1`;
  }

  /** Starts an outage, replacing a current one. With `refused`, open connections are closed. */
  async down(mode: OutageMode = 'unavailable'): Promise<void> {
    if (mode === 'refused') return this.stop();
    await this.up();
    this.#isUnavailable = true;
  }

  /** Ends the outage, on the same port. */
  async up(): Promise<void> {
    this.#isUnavailable = false;
    if (!this.#server.listening) await this.start(this.#port);
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '/' } = request;
    const [path = '/'] = url.split('?', 1);
    const at = performance.timeOrigin + performance.now();
    const entry = { at, method, path, status: null as number | null };
    this.requests.push(entry);
    const { status, headers, text, spoilt } = await this.#result(request, entry);
    if (spoilt === 'cut') {
      request.socket.destroy();
      return;
    }
    // After `stop`, the connection is closed as well.
    if (spoilt === 'late')
      await sleep(this.settings.hangMs, null, { signal: this.stopSignal }).catch(() => null);
    if (response.destroyed) return;
    entry.status = status;
    response.writeHead(status, headers).end(text);
  }

  async #result(request: IncomingMessage, { at, method, path }: ApiRequest): Promise<SerializedResponse> {
    try {
      this.#admit(request, at);
      const { status, body, spoilt } = await this.#route(request, method, path);
      if (spoilt === 'not-json') return { status: 200, headers: HTML, text: '<html>OK</html>' };
      return { status, headers: JSON_TYPE, text: JSON.stringify(body), spoilt };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { status, code, message, retryAfterSeconds } = error;
      const text = JSON.stringify({ error: { code, message } });
      if (retryAfterSeconds === undefined) return { status, headers: JSON_TYPE, text };
      return { status, headers: { ...JSON_TYPE, 'retry-after': String(retryAfterSeconds) }, text };
    }
  }

  /** @throws {ApiError} */
  #admit(request: IncomingMessage, at: number): void {
    if (this.#isUnavailable) throw new ApiError('unavailable');
    if (request.headers.authorization !== `Bearer ${this.settings.apiKey}`)
      throw new ApiError('unauthorized');
    const waitMs = this.#limit.take(at);
    if (waitMs > 0) throw new ApiError('rate_limited', Math.ceil(waitMs / 1000));
  }

  /** @throws {ApiError} */
  async #route(request: IncomingMessage, method: string, path: string): Promise<RouteAnswer> {
    if (method === 'POST' && path === '/v1/messages') return this.routes.send(await readJson(request));
    const [, id] = /^\/v1\/messages\/([^/]+)$/.exec(path) ?? [];
    if (method === 'GET' && id !== undefined) return this.routes.find(id);
    throw new ApiError('not_found');
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  try {
    return JSON.parse(await getRawBody(request, { limit: MAX_BODY_BYTES, encoding: 'utf8' }));
  } catch {
    throw new ApiError('invalid_request');
  }
}
