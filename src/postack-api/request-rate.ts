import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { PostackOnHoldError } from './postack-api-errors.js';
import { RequestQueue, type RequestPriority } from './request-queue.js';
import { requestWindow } from './request-window.js';

/** A store response that takes this much longer than the previous one exceeds the slack of the windows. */
const LATE_MS = 40;

/** The store is asked again after this time at the latest, because an operator may have lifted a block. */
const MAX_SLEEP_MS = 60_000;

/** Random extra wait, as a fraction of a window, so that every process gets its turn. */
const JITTER = 0.05;

/** Postack's documented limit for one client. */
const DEFAULT_REQUESTS_PER_SECOND = 10;

/**
 * Admits requests at the rate that Postack allows. Within a process, the priorities `reply` and `other` are served in
 * turn, and only the next request asks the store, which all processes share.
 */
export class RequestRate {
  readonly #queue = new RequestQueue();
  #isServing = false;
  #wake = new AbortController();
  /** The store admits nothing before this time, by `performance.now()`. */
  #closedUntil = 0;
  #lastResponseMs = 0;

  /**
   * @param limiter A limiter of rate-limiter-flexible. Its window should be short, since it may be used up at once.
   * @param key What is limited, as a key of the store.
   */
  constructor(
    private readonly limiter: RateLimiterAbstract,
    private readonly key: string,
  ) {}

  /**
   * Resolves when one request may be made.
   *
   * @param signal Leaves the queue immediately; then this rejects with the signal's reason.
   * @param maxBlockMs Longest block to wait for. Default: no limit.
   * @throws {PostackOnHoldError} for a longer block, with the rest of it as `retryAfterMs`.
   * @throws The store's error, for all waiting requests.
   */
  async acquire(priority: RequestPriority, signal?: AbortSignal, maxBlockMs = Infinity): Promise<void> {
    signal?.throwIfAborted();
    const admission = this.#queue.join(priority, maxBlockMs, signal);
    this.#rejectImpatient();
    if (!this.#isServing) void this.#serve();
    try {
      await admission;
    } finally {
      // The timer would keep the process alive.
      if (this.#queue.isEmpty) this.#wake.abort();
    }
  }

  /**
   * Blocks all requests for a time, in every process. Never shortens a longer block.
   *
   * @throws The store's error.
   */
  async block(ms: number): Promise<void> {
    const current = await this.limiter.get(this.key);
    // Also skips 0, which the limiters would take as a block without end.
    if ((current?.msBeforeNext ?? 0) < ms) await this.limiter.block(this.key, Math.ceil(ms) / 1000);
  }

  async #serve(): Promise<void> {
    this.#isServing = true;
    try {
      while (!this.#queue.isEmpty) {
        if (await this.#admit()) this.#queue.serveNext();
        this.#rejectImpatient();
      }
    } catch (error) {
      this.#queue.rejectAll(error);
    } finally {
      this.#isServing = false;
    }
  }

  /** Waits while the store is known to admit nothing, then asks it. @returns whether one request is admitted. */
  async #admit(): Promise<boolean> {
    const closedMs = this.#closedUntil - performance.now();
    if (closedMs > 0) {
      this.#wake = new AbortController();
      const { signal } = this.#wake;
      await sleep(Math.min(closedMs, MAX_SLEEP_MS), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return false;
    }
    const askedAt = performance.now();
    const { consumedPoints, remainingPoints, msBeforeNext } = await this.#consume();
    const now = performance.now();
    if (remainingPoints === 0) {
      this.#closedUntil = now + msBeforeNext + Math.random() * JITTER * this.limiter.msDuration;
    }
    // The admitted window is over and the next one may be in use: two requests would be sent at the same time.
    const isLate = now - askedAt > this.#lastResponseMs + LATE_MS;
    this.#lastResponseMs = now - askedAt;
    return consumedPoints <= this.limiter.points && !isLate;
  }

  #consume(): Promise<RateLimiterRes> {
    return this.limiter.consume(this.key).catch((reason: unknown) => {
      if (reason instanceof RateLimiterRes) return reason;
      throw reason;
    });
  }

  #rejectImpatient(): void {
    const closedMs = this.#closedUntil - performance.now();
    // A wait longer than the rate alone explains is a block.
    if (closedMs <= 2 * this.limiter.msDuration) return;
    this.#queue.rejectImpatient(closedMs, new PostackOnHoldError(Math.ceil(closedMs)));
  }
}

/**
 * A request rate for one process.
 *
 * @param options.requestsPerSecond Not exceeded in any second. A whole number, from 1 to 1,000. Default 10.
 * @throws {ConfigurationError}
 */
export function memoryRequestRate(options: { requestsPerSecond?: number } = {}): RequestRate {
  const { points, durationMs } = requestWindow(options.requestsPerSecond ?? DEFAULT_REQUESTS_PER_SECOND);
  return new RequestRate(new RateLimiterMemory({ points, duration: durationMs / 1000 }), 'api');
}

/** Options of `postgresRequestRate`. */
export interface PostgresRequestRateOptions {
  /** A `Pool` of node-postgres. Typed structurally, so that users of this type need no types of node-postgres. */
  pool: { query: (...query: never[]) => unknown };
  /** Schema of the table of `RequestRateEntity`. Default `postack`. */
  schema?: string;
  /** Name of that table. Default `request_rate`. */
  table?: string;
  /** Each API key has its own rate. Only a hash of it is stored. */
  apiKey: string;
  /** Not exceeded by all processes together in any second. A whole number, from 1 to 1,000. Default 10. */
  requestsPerSecond?: number;
}

/**
 * A request rate for all processes that share a PostgreSQL database. Their clocks have to agree within a few
 * milliseconds, as with NTP.
 *
 * @throws {ConfigurationError}
 */
export function postgresRequestRate(options: PostgresRequestRateOptions): RequestRate {
  const { points, durationMs } = requestWindow(options.requestsPerSecond ?? DEFAULT_REQUESTS_PER_SECOND);
  const limiter = new RateLimiterPostgres({
    ...{ points, duration: durationMs / 1000, keyPrefix: 'api' },
    ...{ storeClient: options.pool, storeType: 'pool', tableCreated: true, clearExpiredByTimeout: false },
    ...{ schemaName: options.schema ?? 'postack', tableName: options.table ?? 'request_rate' },
  });
  return new RequestRate(limiter, createHash('sha256').update(options.apiKey).digest('hex').slice(0, 16));
}
