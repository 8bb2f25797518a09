import { Logger } from '@nestjs/common';
import PQueue from 'p-queue';
import { isRowFault } from '../../database/row-fault.js';
import { loggableError } from '../../errors/loggable-error.js';
import { LogLimit } from '../../errors/log-limit.js';
import { OutageLog } from '../../errors/outage-log.js';
import { isInstance } from '../../errors/thrown.js';
import type { Handler } from '../../listeners/handler.js';
import { retryDelayMs } from '../../listeners/retry-delay.js';
import { withoutPayload } from '../outcomes/recorded-error.js';
import type { CallGate } from './call-gate.js';
import { eventsOf, type HeldDelivery, type Outcome } from './held-delivery.js';
import type { Leases } from '../../jobs/leases.js';
import type { Ledger } from './ledger.js';
import { CallNotBegunError, type ListenerCalls } from './listener-calls.js';
import { Prefetch } from './prefetch.js';
import type { Settlements } from './settlements.js';

/** A retry that is due later is found by polling. */
const MAX_WAKE_DELAY_MS = 5000;

/** Settling takes about that long, and a retry is due by the clock of PostgreSQL. */
const CLOCK_SLACK_MS = 20;

/** Wait before a delivery whose transaction could not be begun is taken again. */
const NOT_BEGUN_DELAY_MS = 1000;

/**
 * The worker of one handler in this process: takes deliveries, calls the handler (at most `concurrency` calls at once),
 * and settles each. A handler that fails or hangs affects only its own worker.
 */
export class HandlerWorker {
  readonly #logger = new Logger('PostackDispatch');
  readonly #outage = new OutageLog(this.#logger);
  readonly #failures = new LogLimit();
  readonly #calls: PQueue;
  readonly #prefetch: Prefetch;
  readonly #settling = new Set<Promise<void>>();
  /** Number of deliveries in memory or promised to a dispatch under way. */
  #held = 0;
  #isPaused = false;
  #isStopping = false;
  #taking: Promise<void> | undefined;
  #isWoken = false;
  /** Whether deliveries are waiting in the ledger: then new ones queue behind them. */
  #hasBacklog = true;

  constructor(
    readonly handler: Handler,
    private readonly ledger: Ledger,
    private readonly leases: Leases,
    private readonly gate: CallGate,
    private readonly listeners: ListenerCalls,
    private readonly settlements: Settlements,
  ) {
    this.#calls = new PQueue({ concurrency: handler.settings.concurrency });
    this.#prefetch = new Prefetch(handler.settings);
  }

  /** Looks for deliveries now instead of at the next poll. */
  wake(): void {
    this.#isWoken = true;
    this.#taking ??= this.#take().finally(() => {
      this.#taking = undefined;
    });
  }

  /** While paused, running calls finish, and none begins. */
  set isPaused(isPaused: boolean) {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    this.#logger.log(`${this.handler.name} ${isPaused ? 'paused' : 'resumed'}`);
    if (!isPaused) this.wake();
  }

  get isClosed(): boolean {
    return this.#isPaused || this.#isStopping;
  }

  /**
   * Reserves room for new deliveries, for a dispatch that takes them for this process. Returns how many of `wanted`.
   * None when others are waiting already, and for an ordered handler, whose order the ledger knows.
   */
  reserve(wanted: number): number {
    if (this.isClosed || this.#hasBacklog || this.handler.settings.ordered) return 0;
    const room = Math.max(0, Math.min(wanted, this.#prefetch.target - this.#held));
    this.#held += room;
    return room;
  }

  /** Calls the handler for deliveries for which room was reserved. @param reserved What `reserve` returned. */
  hand(deliveries: readonly HeldDelivery[], reserved: number): void {
    this.#held -= reserved;
    this.#begin(deliveries);
  }

  /** New deliveries are waiting in the ledger. */
  expect(): void {
    this.#hasBacklog = true;
    this.wake();
  }

  /** Runs deliveries beside which nothing else may run. Resolves once they are settled. */
  async runIsolated(deliveries: readonly HeldDelivery[]): Promise<void> {
    this.#held += deliveries.length;
    for (const { lease } of deliveries) lease.held++;
    const settling = await Promise.all(deliveries.map((held) => this.#call([held])));
    await Promise.all(settling.flat());
  }

  /** Stops taking, gives back deliveries whose call has not begun, and waits for the outcomes of the others. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#taking;
    await this.#calls.onIdle();
    await Promise.all(this.#settling);
  }

  async #take(): Promise<void> {
    while (this.#isWoken && !this.isClosed) {
      this.#isWoken = false;
      const room = this.#prefetch.target - this.#held;
      // A statement for a few deliveries does not pay: the next one is at half the target.
      const lease = room >= this.#prefetch.target / 2 ? this.leases.current : undefined;
      if (!lease) return;
      lease.held++;
      try {
        const taken = await this.ledger.take(this.handler, room, lease);
        this.#hasBacklog = taken.length === room;
        this.#outage.recovery();
        this.#begin(taken);
        if (this.handler.settings.ordered && taken.length > 0) this.#isWoken = true;
      } catch (error) {
        // Another process took a delivery of the same message group.
        if (isRowFault(error)) continue;
        this.leases.doubt(lease);
        // Retried at the next wake or poll.
        this.#outage.failure(`Taking deliveries of ${this.handler.name}`, error);
      } finally {
        lease.held--;
      }
    }
  }

  #begin(deliveries: readonly HeldDelivery[]): void {
    this.#held += deliveries.length;
    for (const { lease } of deliveries) lease.held++;
    const size = this.handler.settings.batchSize ?? 1;
    for (let start = 0; start < deliveries.length; start += size) {
      const batch = deliveries.slice(start, start + size);
      void this.#calls.add(() => this.gate.beside(() => this.#call(batch)));
    }
  }

  /** Never rejects. Resolves after the call, to the settling of each delivery. */
  async #call(batch: readonly HeldDelivery[]): Promise<Promise<void>[]> {
    const [{ lease } = { lease: undefined }] = batch;
    const mayBegin = lease?.isFresh === true || (await lease?.ensureFresh()) === true;
    if (!mayBegin || this.isClosed) {
      return batch.map((held) => this.#settle({ held, status: 'given-back' }));
    }
    const startedAt = performance.now();
    const results = await this.listeners.run(this.handler, batch);
    this.#prefetch.took(performance.now() - startedAt);
    // Not awaited: the next call begins while the outcome of this one is being committed.
    return batch.map((held, index) => this.#settle(this.#outcomeOf(held, results[index])));
  }

  #outcomeOf(held: HeldDelivery, result: PromiseSettledResult<unknown> | undefined): Outcome {
    if (result?.status === 'fulfilled') return { held, status: 'done' };
    const error: unknown = result?.reason;
    if (isInstance(error, CallNotBegunError)) {
      this.#outage.failure(`Transaction for ${this.handler.name}`, error.cause);
      return { held, status: 'given-back', delayMs: NOT_BEGUN_DELAY_MS };
    }
    const delayMs = retryDelayMs(error, held.attempts + 1, this.handler.settings.retry);
    this.#logFailure(held, error, delayMs);
    return delayMs === null ? { held, status: 'dead', error } : { held, status: 'retrying', error, delayMs };
  }

  #logFailure(held: HeldDelivery, error: unknown, delayMs: number | null): void {
    const line = this.#failures.next();
    if (!line) return;
    const { name, settings } = this.handler;
    const { event, wireType } = held.stored;
    const next =
      delayMs === null ? 'moved to dead letters' : `retrying in ${Math.round(delayMs / 100) / 10} s`;
    this.#logger[delayMs === null ? 'error' : 'warn'](
      `${name} failed on attempt ${held.attempts + 1} of ${settings.retry.attempts} for event ${event.id} ` +
        `(${wireType}); ${next}: ${withoutPayload(loggableError(error), eventsOf([held]))}${line.note}`,
    );
  }

  async #settle(outcome: Outcome): Promise<void> {
    const settling = this.#commit(outcome);
    this.#settling.add(settling);
    await settling;
    this.#settling.delete(settling);
  }

  async #commit(outcome: Outcome): Promise<void> {
    const { held, status, delayMs = 0 } = outcome;
    const isRecorded = status === 'done' && this.listeners.recordsSuccess(this.handler);
    // Rejects when this process stops first: another one then releases the delivery.
    if (!isRecorded) await this.settlements.add(outcome).catch(() => undefined);
    if (held.orderKey !== null)
      await this.ledger.unblock(this.handler.name, [held.orderKey]).catch(() => undefined);
    this.#held--;
    held.lease.held--;
    if (status === 'retrying') this.#wakeIn(delayMs);
    const wantsMore = this.#hasBacklog && this.#held <= this.#prefetch.target / 2;
    if (wantsMore || held.orderKey !== null) this.wake();
  }

  /** Wakes this worker for a retry that is due before long, instead of leaving it to the poll. */
  #wakeIn(delayMs: number): void {
    if (delayMs > MAX_WAKE_DELAY_MS || this.isClosed) return;
    setTimeout(() => {
      this.wake();
    }, delayMs + CLOCK_SLACK_MS).unref();
  }
}
