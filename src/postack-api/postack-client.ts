import pRetry from 'p-retry';
import { readMessage } from './answer-reading.js';
import { exchange, type HttpRequest } from './http-exchange.js';
import { PostackApiError, PostackRateLimitedError, PostackUnavailableError } from './postack-api-errors.js';
import { PostackInvalidMessageError } from './postack-api-rejections.js';
import { ResolvedPostackClientOptions, type PostackClientOptions } from './postack-client.options.js';
import type { OutboundSms, PostackMessage } from './postack-message.js';
import type { RequestPriority } from './request-queue.js';

export type { PostackClientOptions } from './postack-client.options.js';
export type { OutboundSms, PostackMessage } from './postack-message.js';

/** How one call of `PostackClient` is to be made. */
export interface PostackRequestOptions {
  /** While both wait for the request rate, replies and others take turns. Default `other`. */
  priority?: RequestPriority;
  /** Ends the call: it rejects with the signal's reason. A request that has left by then may have been accepted. */
  signal?: AbortSignal;
  /**
   * Awaited right before each attempt leaves, when the request rate has let it pass. When it rejects, nothing is sent
   * and the call rejects with the same error.
   */
  beforeRequest?: () => Promise<void>;
}

/** A request that leaves so long after it was let pass has to be let pass again. */
const LATE_MS = 30;

/** Before the second attempt; doubled for each that follows, times a random number between 1 and 2. */
const FIRST_RETRY_MS = 250;

/**
 * Postack's REST API: sends messages and looks them up, no faster than Postack allows.
 *
 * What fails is tried again where that may help and can do no harm: never when Postack may have accepted the message.
 */
export class PostackClient {
  readonly #options: ResolvedPostackClientOptions;

  /** @throws {ConfigurationError} naming every wrong option. */
  constructor(options: PostackClientOptions) {
    this.#options = new ResolvedPostackClientOptions(options);
  }

  /**
   * Sends an SMS. What is returned has been accepted by Postack, no more: the events tell what becomes of it.
   *
   * @throws {PostackApiError} of which `maySendAgain` tells whether Postack may have accepted it all the same.
   * @throws The request rate's error when its store fails: this attempt was not made.
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
   * Looks a message up by Postack's id.
   *
   * @throws {PostackInvalidMessageError} when there is none.
   * @throws {PostackApiError}
   * @throws The request rate's error when its store fails.
   */
  async fetch(id: string, options: PostackRequestOptions = {}): Promise<PostackMessage> {
    // In a path these would stand for something else than an id.
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
      // The signal is looked at once more after a success, but what is accepted is accepted.
      if (message) return message;
      throw error;
    }
  }

  async #attempt(request: HttpRequest, options: PostackRequestOptions): Promise<PostackMessage> {
    const { requestRate, maxRetryAfterMs, timeoutMs, mapping } = this.#options;
    const { priority = 'other', signal, beforeRequest } = options;
    // Also waits for what Postack has asked to, in this process or another.
    await requestRate.acquire(priority, signal, maxRetryAfterMs);
    const passedAt = performance.now();
    await beforeRequest?.();
    // Too late, it would come close to requests that were let pass after it.
    if (performance.now() - passedAt > LATE_MS) await requestRate.acquire(priority, signal, maxRetryAfterMs);
    const answer = await exchange(request, timeoutMs, signal);
    try {
      return readMessage(answer, mapping, request.isRepeatable);
    } catch (error) {
      const isForAll = error instanceof PostackRateLimitedError || error instanceof PostackUnavailableError;
      if (isForAll && error.retryAfterMs !== null) {
        // Without its store the rate lets nothing pass anyway; Postack's error is the one to tell.
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
