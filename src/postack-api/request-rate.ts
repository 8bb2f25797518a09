import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigurationError } from '../errors/configuration-error.js';
import { PostackOnHoldError } from './postack-api-errors.js';
import { RequestQueue, type RequestPriority } from './request-queue.js';
import { MemorySlots, PostgresSlots, type RequestSlots, type SlotsPool } from './request-slots.js';

/** Requests of a second are spread over this time, so that some may be late and still no second has too many. */
const SPREAD_MS = 1100;

/** Together with `LATE_RESPONSE_MS`, what `SPREAD_MS` allows for. */
const LATE_MS = 40;

/** A response of the store that takes this much longer than the previous one says nothing exact about the time. */
const LATE_RESPONSE_MS = 30;

/** Times are reserved ahead for this long, so that the wait for the store costs none of them. */
const AHEAD_MS = 100;

/** The store is asked again after this time at the latest, because an operator may have lifted a block. */
const MAX_SLEEP_MS = 60_000;

/** Postack's documented limit for one client. */
const DEFAULT_REQUESTS_PER_SECOND = 10;

/** The time of one request, by `performance.now()`. */
export class ReservedTime {
  constructor(private readonly timeMs: number) {}

  /** Whether the request may not be made any more: it could coincide with those that come after it. */
  get isMissed(): boolean {
    return performance.now() > this.timeMs + LATE_MS;
  }
}

/**
 * Admits requests at the rate that Postack allows, evenly spaced. Within a process, the priorities `reply` and `other`
 * are served in turn; times are reserved in a store that all processes share.
 */
export class RequestRate {
  readonly #queue = new RequestQueue();
  readonly #intervalMs: number;
  #isServing = false;
  #wake = new AbortController();
  /** The end of a block, by `performance.now()`. */
  #blockedUntilMs = 0;
  #lastResponseMs = 0;

  /**
   * Made by `memoryRequestRate` and `postgresRequestRate`.
   *
   * @throws {ConfigurationError}
   */
  constructor(
    private readonly slots: RequestSlots,
    requestsPerSecond = DEFAULT_REQUESTS_PER_SECOND,
  ) {
    if (!Number.isInteger(requestsPerSecond) || requestsPerSecond < 1 || requestsPerSecond > 1000) {
      throw new ConfigurationError('Request rate', [
        '"requestsPerSecond" must be a whole number, from 1 to 1000',
      ]);
    }
    this.#intervalMs = SPREAD_MS / requestsPerSecond;
  }

  /**
   * Resolves when one request may be made, to the time that is reserved for it.
   *
   * @param signal Leaves the queue immediately; then this rejects with the signal's reason.
   * @param maxBlockMs Longest block to wait for. Default: no limit.
   * @throws {PostackOnHoldError} for a longer block, with the rest of it as `retryAfterMs`.
   * @throws The store's error, for all waiting requests.
   */
  async acquire(
    priority: RequestPriority,
    signal?: AbortSignal,
    maxBlockMs = Infinity,
  ): Promise<ReservedTime> {
    signal?.throwIfAborted();
    const admission = this.#queue.join(priority, maxBlockMs, signal);
    this.#rejectImpatient();
    if (!this.#isServing) void this.#serve();
    try {
      return new ReservedTime(await admission);
    } finally {
      // The timer would keep the process alive.
      if (this.#queue.isEmpty) this.#wake.abort();
    }
  }

  /**
   * Blocks all requests for a time, in every process; others may still make those of the next 100 ms. Never shortens a
   * longer block.
   *
   * @throws The store's error.
   */
  async block(ms: number): Promise<void> {
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, performance.now() + ms);
    await this.slots.block(ms);
  }

  async #serve(): Promise<void> {
    this.#isServing = true;
    try {
      while (!this.#queue.isEmpty) {
        const count = Math.min(this.#queue.size, Math.max(1, Math.floor(AHEAD_MS / this.#intervalMs)));
        const firstMs = await this.#reserve(count);
        for (let index = 0; firstMs !== undefined && index < count; index += 1) {
          await this.#serveAt(firstMs + index * this.#intervalMs);
        }
      }
    } catch (error) {
      this.#queue.rejectAll(error);
    } finally {
      this.#isServing = false;
    }
  }

  /** Resolves to the first of `count` reserved times, by `performance.now()`; waits and resolves to none in a block. */
  async #reserve(count: number): Promise<number | undefined> {
    const askedMs = performance.now();
    const { firstMs, blockedMs } = await this.slots.reserve(count, this.#intervalMs);
    const nowMs = performance.now();
    this.#blockedUntilMs = blockedMs > 0 ? nowMs + blockedMs : 0;
    this.#rejectImpatient();
    if (blockedMs > 0) {
      await this.#sleep(Math.min(blockedMs, MAX_SLEEP_MS));
      return undefined;
    }
    const isLate = nowMs - askedMs > this.#lastResponseMs + LATE_RESPONSE_MS;
    this.#lastResponseMs = nowMs - askedMs;
    return isLate ? undefined : nowMs + firstMs;
  }

  /** Serves the next request at that time, unless it is missed. */
  async #serveAt(timeMs: number): Promise<void> {
    await this.#sleep(timeMs - performance.now());
    const nowMs = performance.now();
    // Awake too early: the requests that waited have left. Timers themselves may be a millisecond early.
    if (nowMs < timeMs - 1 || nowMs > timeMs + LATE_MS / 2 || nowMs < this.#blockedUntilMs) return;
    this.#queue.serveNext(timeMs);
  }

  /** Ends early when no request waits any more. */
  async #sleep(ms: number): Promise<void> {
    if (ms <= 0 || this.#queue.isEmpty) return;
    this.#wake = new AbortController();
    await sleep(Math.ceil(ms), undefined, { signal: this.#wake.signal }).catch(() => undefined);
  }

  #rejectImpatient(): void {
    const blockedMs = this.#blockedUntilMs - performance.now();
    if (blockedMs > 0) this.#queue.rejectImpatient(blockedMs, new PostackOnHoldError(Math.ceil(blockedMs)));
  }
}

/**
 * A request rate for one process.
 *
 * @param options.requestsPerSecond Not exceeded in any second. A whole number, from 1 to 1,000. Default 10.
 * @throws {ConfigurationError}
 */
export function memoryRequestRate(options: { requestsPerSecond?: number } = {}): RequestRate {
  return new RequestRate(new MemorySlots(), options.requestsPerSecond);
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
 * A request rate for all processes that share a PostgreSQL database, by the clock of PostgreSQL.
 *
 * @throws {ConfigurationError}
 */
export function postgresRequestRate(options: PostgresRequestRateOptions): RequestRate {
  const { schema = 'postack', table = 'request_rate' } = options;
  const hash = createHash('sha256').update(options.apiKey).digest('hex').slice(0, 16);
  const slots = new PostgresSlots(
    options.pool as unknown as SlotsPool,
    [schema, table].map(quoted).join('.'),
    `api:${hash}`,
  );
  return new RequestRate(slots, options.requestsPerSecond);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
