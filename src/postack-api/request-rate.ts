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

/** An answer of the store that takes so much longer than the one before does not fit into the windows' slack. */
const LATE_MS = 40;

/** After so long the store is asked again, whatever it said last: somebody may have lifted a block. */
const LONGEST_SLEEP_MS = 60_000;

/** This part of a window a process waits at random, for all processes to have their turn. */
const JITTER = 0.05;

/** Postack's documented limit for one client. */
const DEFAULT_REQUESTS_PER_SECOND = 10;

/**
 * Lets requests pass at the rate that Postack allows. In a process, the priorities `reply` and `other` are served in turn;
 * only whoever is next asks the store, which all processes share.
 */
export class RequestRate {
  readonly #queue = new RequestQueue();
  #isServing = false;
  #wake = new AbortController();
  /** By `performance.now()`: until then the store refuses, it has said. */
  #closedUntil = 0;
  #lastAnswerTookMs = 0;

  /**
   * @param limiter Any of rate-limiter-flexible's. Its window should be short: it may be used up at once.
   * @param key What is limited, as the store knows it.
   */
  constructor(
    private readonly limiter: RateLimiterAbstract,
    private readonly key: string,
  ) {}

  /**
   * Resolves when one request may be made.
   *
   * @param signal Gives up the place in the queue, at once; then this rejects with the signal's reason.
   * @param maxBlockMs A block that lasts longer than this is not waited for. Default: any is.
   * @throws {PostackOnHoldError} for such a block, with what is left of it.
   * @throws The store's error when it fails, for all that wait.
   */
  async acquire(priority: RequestPriority, signal?: AbortSignal, maxBlockMs = Infinity): Promise<void> {
    signal?.throwIfAborted();
    const passes = this.#queue.join(priority, maxBlockMs, signal);
    this.#rejectImpatient();
    if (!this.#isServing) void this.#serve();
    try {
      await passes;
    } finally {
      // A sleep for nobody would keep the process alive.
      if (this.#queue.isEmpty) this.#wake.abort();
    }
  }

  /**
   * Lets nothing pass for so long, in any process. Never shortens a longer block.
   *
   * @throws The store's error when it fails.
   */
  async block(ms: number): Promise<void> {
    const current = await this.limiter.get(this.key);
    // Not for 0 either: to the limiters, no time at all means for ever.
    if ((current?.msBeforeNext ?? 0) < ms) await this.limiter.block(this.key, Math.ceil(ms) / 1000);
  }

  async #serve(): Promise<void> {
    this.#isServing = true;
    try {
      while (!this.#queue.isEmpty) {
        if (await this.#isOpen()) this.#queue.serveNext();
        this.#rejectImpatient();
      }
    } catch (error) {
      this.#queue.rejectAll(error);
    } finally {
      this.#isServing = false;
    }
  }

  /** Waits for as long as it is known to be closed, then asks the store. */
  async #isOpen(): Promise<boolean> {
    const closedMs = this.#closedUntil - performance.now();
    if (closedMs > 0) {
      this.#wake = new AbortController();
      const { signal } = this.#wake;
      await sleep(Math.min(closedMs, LONGEST_SLEEP_MS), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return false;
    }
    const askedAt = performance.now();
    const { consumedPoints, remainingPoints, msBeforeNext } = await this.#consume();
    const now = performance.now();
    if (remainingPoints === 0) {
      this.#closedUntil = now + msBeforeNext + Math.random() * JITTER * this.limiter.msDuration;
    }
    // Its window is long past by now, and the next one in use: two requests would leave at the same time.
    const isLate = now - askedAt > this.#lastAnswerTookMs + LATE_MS;
    this.#lastAnswerTookMs = now - askedAt;
    return consumedPoints <= this.limiter.points && !isLate;
  }

  #consume(): Promise<RateLimiterRes> {
    return this.limiter.consume(this.key).catch((refusal: unknown) => {
      if (refusal instanceof RateLimiterRes) return refusal;
      throw refusal;
    });
  }

  /** Closed for longer than the rate alone explains: a block. */
  #rejectImpatient(): void {
    const closedMs = this.#closedUntil - performance.now();
    if (closedMs <= 2 * this.limiter.msDuration) return;
    this.#queue.rejectImpatient(closedMs, new PostackOnHoldError(Math.ceil(closedMs)));
  }
}

/**
 * The rate of one process.
 *
 * @param options.requestsPerSecond Never exceeded, in any second. A whole number, from 1 to 1,000. Default 10.
 * @throws {ConfigurationError}
 */
export function memoryRequestRate(options: { requestsPerSecond?: number } = {}): RequestRate {
  const { points, durationMs } = requestWindow(options.requestsPerSecond ?? DEFAULT_REQUESTS_PER_SECOND);
  return new RequestRate(new RateLimiterMemory({ points, duration: durationMs / 1000 }), 'api');
}

/** What `postgresRequestRate` needs. */
export interface PostgresRequestRateOptions {
  /** A `Pool` of node-postgres; not by that name, so that nobody needs its types for ours. */
  pool: { query: (...query: never[]) => unknown };
  /** Where the table of `RequestRateEntity` is. Default `postack`. */
  schema?: string;
  /** Its name. Default `request_rate`. */
  table?: string;
  /** Each API key has its own rate. Only a hash of it is stored. */
  apiKey: string;
  /** Never exceeded by all processes together, in any second. A whole number, from 1 to 1,000. Default 10. */
  requestsPerSecond?: number;
}

/**
 * One rate for all processes that share a PostgreSQL database. Their clocks have to agree within a few milliseconds,
 * as those kept by NTP do.
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
