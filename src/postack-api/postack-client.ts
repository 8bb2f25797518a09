import pRetry from 'p-retry';
import { exchange, type HttpRequest } from './http-exchange.js';
import { PostackApiError, PostackRateLimitedError, PostackUnavailableError } from './postack-api-errors.js';
import { PostackInvalidMessageError } from './postack-api-rejections.js';
import { ResolvedPostackClientOptions, type PostackClientOptions } from './postack-client.options.js';
import type { OutboundSms, PostackMessage } from './postack-message.js';
import { readMessage } from './read-message.js';
import type { RequestPriority } from './request-queue.js';

export type { PostackClientOptions } from './postack-client.options.js';
export type { OutboundSms, PostackMessage } from './postack-message.js';

/** Options of one call of `PostackClient`. */
export interface PostackRequestOptions {
  /** Replies and other requests take turns while both wait for the request rate. Default `other`. */
  priority?: RequestPriority;
  /** Aborts the call, which rejects with the signal's reason. A request that was already sent may have been accepted. */
  signal?: AbortSignal;
  /**
   * Awaited right before each attempt is sent, after the request rate has admitted it. When it rejects, nothing is sent
   * and the call rejects with the same error.
   */
  beforeRequest?: () => Promise<void>;
}

/** Delay before the second attempt; doubled for each further one, times a random number between 1 and 2. */
const FIRST_RETRY_MS = 250;

/**
 * Client of Postack's REST API: sends and fetches messages, within the request rate that Postack allows.
 *
 * Retries failed requests when a retry may succeed and is safe; never when Postack may have accepted the message.
 */
export class PostackClient {
  readonly #options: ResolvedPostackClientOptions;

  /** @throws {ConfigurationError} listing every invalid option. */
  constructor(options: PostackClientOptions) {
    this.#options = new ResolvedPostackClientOptions(options);
  }

  /**
   * Sends an SMS. Resolves once Postack has accepted it; its delivery is reported by events.
   *
   * @throws {PostackApiError} whose `maySendAgain` is `false` when Postack may have accepted the message.
   * @throws The error of the request rate's store; then no request was made.
   */
  async send(sms: OutboundSms, options: PostackRequestOptions = {}): Promise<PostackMessage> {
    const { mapping, idempotencyHeader } = this.#options;
    const key = idempotencyHeader === '' ? undefined : sms.idempotencyKey;
    return this.#call(mapping.send, options, {
      body: JSON.stringify(mapping.request(sms)),
      headers: { 'content-type': 'application/json', ...(key !== undefined && { [idempotencyHeader]: key }) },
      isRepeatable: key !== undefined,
    });
  }

  /**
   * Fetches a message by Postack's id.
   *
   * @throws {PostackInvalidMessageError} when there is none.
   * @throws {PostackApiError}
   * @throws The error of the request rate's store.
   */
  async fetch(id: string, options: PostackRequestOptions = {}): Promise<PostackMessage> {
    // In a URL path these would not be an id.
    if (['', '.', '..'].includes(id)) throw new PostackInvalidMessageError({ apiCode: 'invalid_message' });
    const { method, path } = this.#options.mapping.fetch;
    const endpoint = { method, path: path.replaceAll(':id', () => encodeURIComponent(id)) };
    return this.#call(endpoint, options, { headers: {}, isRepeatable: true });
  }

  async #call(
    { method, path }: { method: HttpRequest['method']; path: string },
    options: PostackRequestOptions,
    {
      headers,
      body,
      isRepeatable,
    }: { headers: Record<string, string>; body?: string; isRepeatable: boolean },
  ): Promise<PostackMessage> {
    const { baseUrl, apiKey, attempts } = this.#options;
    const request: HttpRequest = {
      method,
      url: new URL(baseUrl + path),
      headers: new Headers({ accept: 'application/json', authorization: `Bearer ${apiKey}`, ...headers }),
      body,
      isRepeatable,
    };
    let message: PostackMessage | undefined;
    try {
      return await pRetry(async () => (message = await this.#attempt(request, options)), {
        retries: attempts - 1,
        minTimeout: FIRST_RETRY_MS,
        randomize: true,
        signal: options.signal,
        shouldRetry: ({ error }) => this.#isWorthRetrying(error),
      });
    } catch (error) {
      // p-retry checks the signal once more after a success, but the message is accepted.
      if (message) return message;
      throw error;
    }
  }

  async #attempt(request: HttpRequest, options: PostackRequestOptions): Promise<PostackMessage> {
    const { requestRate, maxRetryAfterMs, timeoutMs, mapping } = this.#options;
    const { priority = 'other', signal, beforeRequest } = options;
    // Also waits for a Retry-After that another request or process has received.
    const time = await requestRate.acquire(priority, signal, maxRetryAfterMs);
    await beforeRequest?.();
    if (time.isMissed) await requestRate.acquire(priority, signal, maxRetryAfterMs);
    const response = await exchange(request, timeoutMs, signal);
    try {
      return readMessage(response, mapping, request.isRepeatable);
    } catch (error) {
      const isForAll = error instanceof PostackRateLimitedError || error instanceof PostackUnavailableError;
      if (isForAll && error.retryAfterMs !== null) {
        // Without its store the rate admits nothing anyway, and Postack's error is the more useful one.
        await requestRate.block(error.retryAfterMs).catch(() => undefined);
      }
      throw error;
    }
  }

  #isWorthRetrying(error: Error): boolean {
    if (!(error instanceof PostackApiError) || !error.isRetryable || !error.maySendAgain) return false;
    return (error.retryAfterMs ?? 0) <= this.#options.maxRetryAfterMs;
  }
}
