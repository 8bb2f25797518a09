import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { parseJson, type JsonValue } from '../events/json.js';
import {
  PostackConnectionLostError,
  PostackTimeoutError,
  PostackUnreachableError,
} from './postack-api-errors.js';
import { parseRetryAfter } from './retry-after.js';

/** One request to Postack. */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT';
  url: URL;
  headers: Headers;
  body?: string;
  /** Whether the request can safely be repeated. */
  isRepeatable: boolean;
}

/** A response of Postack. */
export interface HttpResponse {
  status: number;
  retryAfterMs: number | null;
  /** `undefined` for a body that is not JSON or longer than 1 MiB, and for an incomplete body of a non-2xx response. */
  body: JsonValue | undefined;
}

/** Response bodies above this size are rejected. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Idle connections are closed before servers do so: a request at that very moment would be of unknown outcome. */
const IDLE_TIMEOUT_MS = 3000;

const AGENTS = {
  'http:': new HttpAgent({ keepAlive: true, timeout: IDLE_TIMEOUT_MS }),
  'https:': new HttpsAgent({ keepAlive: true, timeout: IDLE_TIMEOUT_MS }),
} as const;

/**
 * Sends one request and returns the response, whatever its status. Redirects are not followed: that would send the API
 * key to another host, and could send a message twice.
 *
 * @throws {PostackUnreachableError} when no connection was made, so that no byte of the request has left.
 * @throws {PostackConnectionLostError | PostackTimeoutError} when Postack may have the request.
 * @throws The signal's reason when it aborts; the request may have been sent by then.
 */
export async function exchange(
  request: HttpRequest,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<HttpResponse> {
  const { isRepeatable } = request;
  const timeout = AbortSignal.timeout(timeoutMs);
  const connection = { isMade: false };
  try {
    const response = await send(request, signal ? AbortSignal.any([signal, timeout]) : timeout, connection);
    return {
      status: response.statusCode ?? 0,
      retryAfterMs: parseRetryAfter(response.headers['retry-after'] ?? null),
      body: await readJson(response, signal),
    };
  } catch (cause) {
    signal?.throwIfAborted();
    if (!connection.isMade) throw new PostackUnreachableError({ isRepeatable, cause });
    if (timeout.aborted) throw new PostackTimeoutError({ isRepeatable, cause });
    throw new PostackConnectionLostError({ isRepeatable, cause });
  }
}

/** @param connection Told when the connection is made, TLS included: from then on bytes of the request may leave. */
function send(
  { method, url, headers, body }: HttpRequest,
  signal: AbortSignal,
  connection: { isMade: boolean },
): Promise<IncomingMessage> {
  const isSecure = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const request = (isSecure ? httpsRequest : httpRequest)(url, {
      ...{ method, signal, agent: AGENTS[isSecure ? 'https:' : 'http:'] },
      headers: Object.fromEntries(headers),
    });
    request.once('socket', (socket) => {
      if (request.reusedSocket) {
        connection.isMade = true;
        return;
      }
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        connection.isMade = true;
      });
    });
    request.once('error', reject);
    request.once('response', resolve);
    request.end(body);
  });
}

async function readJson(response: IncomingMessage, signal?: AbortSignal): Promise<JsonValue | undefined> {
  try {
    const text = await readText(response);
    return text === null ? undefined : parseJson(text);
  } catch (error) {
    // An error status is certain, even when the body with the details is incomplete.
    if (error instanceof SyntaxError || (!isSuccess(response) && !signal?.aborted)) return undefined;
    throw error;
  }
}

/** `null` for a body that is too long. */
async function readText(response: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}
