import type { JsonValue } from '../events/json.js';
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

/** Errors that occur before a connection is established. Any other may have occurred after the request was sent. */
const NEVER_CONNECTED = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/**
 * Sends one request and returns the response, whatever its status. Redirects are not followed: that would send the API
 * key to another host, and could send a message twice.
 *
 * @throws {PostackUnreachableError | PostackConnectionLostError | PostackTimeoutError}
 * @throws The signal's reason when it aborts; the request may have been sent by then.
 */
export async function exchange(
  { method, url, headers, body, isRepeatable }: HttpRequest,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<HttpResponse> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
  try {
    const response = await fetch(url, { method, headers, body, redirect: 'manual', signal: either });
    return {
      status: response.status,
      retryAfterMs: parseRetryAfter(response.headers.get('retry-after')),
      body: await readJson(response, signal),
    };
  } catch (cause) {
    signal?.throwIfAborted();
    if (timeout.aborted) throw new PostackTimeoutError({ isRepeatable, cause });
    if (hasNeverConnected(cause)) throw new PostackUnreachableError({ isRepeatable, cause });
    throw new PostackConnectionLostError({ isRepeatable, cause });
  }
}

async function readJson(response: Response, signal?: AbortSignal): Promise<JsonValue | undefined> {
  try {
    const text = await readText(response);
    return text === null ? undefined : (JSON.parse(text) as JsonValue);
  } catch (error) {
    // An error status is certain, even when the body with the details is incomplete.
    if (error instanceof SyntaxError || (!response.ok && !signal?.aborted)) return undefined;
    throw error;
  }
}

/** `null` for a body that is too long. */
async function readText(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The cause of fetch's `TypeError` is a system error, an error of undici, or an `AggregateError` of one per address. */
function hasNeverConnected(error: unknown): boolean {
  const cause = (error as Error).cause as (Partial<AggregateError> & NodeJS.ErrnoException) | undefined;
  return cause !== undefined && (cause.errors ?? [cause]).every(isConnectError);
}

function isConnectError({ code, syscall }: NodeJS.ErrnoException): boolean {
  return syscall === 'connect' || syscall === 'getaddrinfo' || NEVER_CONNECTED.has(code ?? '');
}
