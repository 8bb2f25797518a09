import { Logger } from '@nestjs/common';
import PQueue from 'p-queue';
import { loggableError } from '../../errors/loggable-error.js';
import { OutageLog } from '../../errors/outage-log.js';
import type { PgBossService } from '../../jobs/pg-boss.service.js';
import type { Handler } from '../../listeners/handler.js';
import { retryDelayMs } from '../../listeners/retry-delay.js';
import { withoutPayload } from '../outcomes/recorded-error.js';
import type { StoredEvents } from '../stored-events.js';
import { failureOutcome, successOutcome } from './call-outcome.js';
import { deliveryJob, type FetchedJob } from './delivery-job.js';
import type { JobOutcome, JobOutcomes } from './job-outcomes.js';
import type { JobStatistics } from './job-statistics.js';
import type { ListenerCalls } from './listener-calls.js';
import { Prefetch } from './prefetch.js';
import { selectCalls, selectGroupCalls, type JobCall, type SelectedCalls } from './select-calls.js';

/** A retry that is due later is found by polling. */
const MAX_WAKE_DELAY_MS = 5000;

/** A job is due by the clock of PostgreSQL, which may be slightly behind. */
const CLOCK_SLACK_MS = 20;

/**
 * The worker of one handler in this process: fetches jobs from the handler's queue, calls the handler (at most
 * `concurrency` calls at once), and commits the outcome of each job. A handler that fails or hangs affects only its own
 * worker.
 */
export class HandlerWorker {
  readonly #logger = new Logger('PostackDispatch');
  readonly #outage = new OutageLog(this.#logger);
  readonly #calls: PQueue;
  readonly #prefetch: Prefetch;
  /** Jobs that were fetched, and whose outcome is not committed yet, by job id. */
  readonly #held = new Map<string, FetchedJob>();
  readonly #committing = new Set<Promise<void>>();
  #isPaused = false;
  #isStopping = false;
  #fetching: Promise<void> | undefined;
  #isWoken = false;
  #mayHaveMore = false;

  constructor(
    readonly handler: Handler,
    private readonly jobs: PgBossService,
    private readonly events: StoredEvents,
    private readonly listeners: ListenerCalls,
    private readonly outcomes: JobOutcomes,
    private readonly statistics: JobStatistics,
  ) {
    this.#calls = new PQueue({ concurrency: handler.settings.concurrency });
    this.#prefetch = new Prefetch(handler.settings);
  }

  /** Looks for jobs now instead of at the next poll. */
  wake(): void {
    this.#isWoken = true;
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
  }

  /** While paused, running calls finish, and none begins. */
  set isPaused(isPaused: boolean) {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    this.#logger.log(`${this.handler.name} ${isPaused ? 'paused' : 'resumed'}`);
    if (!isPaused) this.wake();
  }

  /** Sends pg-boss a heartbeat for the jobs held: without it, they are taken over by another process. */
  async beat(): Promise<void> {
    if (this.#held.size > 0) await this.jobs.boss.touch(this.handler.queue, [...this.#held.values()]);
  }

  /** Stops fetching, gives back jobs whose call has not begun, and waits for the outcomes of the others. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#fetching;
    await this.#calls.onIdle();
    await Promise.all(this.#committing);
  }

  get #isClosed(): boolean {
    return this.#isPaused || this.#isStopping;
  }

  async #fetch(): Promise<void> {
    try {
      while (this.#isWoken) {
        this.#isWoken = false;
        for (;;) {
          const { target } = this.#prefetch;
          const room = target - this.#held.size;
          // A fetch for a few jobs does not pay: the next one is at half the target.
          if (room < target / 2 || this.#isClosed) return;
          const startedAt = performance.now();
          const fetched = await this.jobs.boss.fetch<FetchedJob['data']>(this.handler.queue, {
            batchSize: room,
          });
          this.#outage.recovery();
          void this.statistics.fetched(performance.now() - startedAt);
          this.#mayHaveMore = fetched.length > 0;
          if (fetched.length === 0) break;
          for (const job of fetched) this.#held.set(job.id, job);
          await this.#begin(fetched);
        }
      }
    } catch (error) {
      // Retried at the next wake or poll.
      this.#outage.failure(`Job fetch for ${this.handler.name}`, error);
    }
  }

  async #begin(jobs: FetchedJob[]): Promise<void> {
    let selected: SelectedCalls;
    try {
      selected = await this.#select(jobs);
    } catch (error) {
      await this.#giveBack(jobs);
      throw error;
    }
    for (const job of selected.stale) void this.#commit({ job });
    const size = this.handler.settings.batchSize ?? 1;
    for (let start = 0; start < selected.calls.length; start += size) {
      const calls = selected.calls.slice(start, start + size);
      void this.#calls.add(() =>
        this.#isClosed ? this.#giveBack(calls.map(({ job }) => job)) : this.#call(calls),
      );
    }
  }

  async #select(jobs: FetchedJob[]): Promise<SelectedCalls> {
    const { name, settings } = this.handler;
    if (settings.ordered) {
      const orderKeys = jobs.map(({ data }) => data.orderKey ?? '');
      return selectGroupCalls(jobs, await this.events.loadGroupHeads(name, orderKeys));
    }
    const rowIds = jobs.map(({ data }) => data.eventId);
    return selectCalls(jobs, await this.events.loadFor(name, rowIds));
  }

  /** Never rejects. */
  async #call(calls: readonly JobCall[]): Promise<void> {
    const startedAt = performance.now();
    const results = await this.listeners.run(this.handler, calls);
    this.#prefetch.took(performance.now() - startedAt);
    // Not awaited: the next call begins while the outcome of this one is being committed.
    calls.forEach((call, index) => void this.#commit(this.#outcomeOf(call, results[index])));
  }

  #outcomeOf(call: JobCall, result: PromiseSettledResult<unknown> | undefined): JobOutcome {
    if (result?.status === 'fulfilled') {
      return successOutcome(call, this.listeners.recordsSuccess(this.handler));
    }
    const error: unknown = result?.reason;
    const delayMs = retryDelayMs(error, call.delivery.attempt, this.handler.settings.retry);
    this.#logFailure(call, error, delayMs);
    return failureOutcome(call, error, delayMs);
  }

  #logFailure(
    { event: { event, wireType }, delivery }: JobCall,
    error: unknown,
    delayMs: number | null,
  ): void {
    const { name, settings } = this.handler;
    const next =
      delayMs === null ? 'moved to dead letters' : `retrying in ${Math.round(delayMs / 100) / 10} s`;
    this.#logger[delayMs === null ? 'error' : 'warn'](
      `${name} failed on attempt ${delivery.attempt} of ${settings.retry.attempts} for event ${event.id} ` +
        `(${wireType}); ${next}: ${withoutPayload(loggableError(error), [event])}`,
    );
  }

  async #commit(outcome: JobOutcome): Promise<void> {
    // Rejects when this process stops first: another one then takes over the job.
    const committing = this.outcomes.add(outcome).catch(() => undefined);
    this.#committing.add(committing);
    await committing;
    this.#committing.delete(committing);
    const { job } = outcome;
    // The same job may have been taken over, and fetched again by this process.
    if (this.#held.get(job.id) === job) this.#held.delete(job.id);
    this.#wakeWhenDue(outcome);
    const wantsMore = this.#mayHaveMore && this.#held.size <= this.#prefetch.target / 2;
    if (wantsMore || this.handler.settings.ordered) this.wake();
  }

  /** Wakes this worker for a retry that is due before long, instead of leaving it to the poll. */
  #wakeWhenDue({ retry }: JobOutcome): void {
    if (!(retry?.startAfter instanceof Date)) return;
    const delayMs = retry.startAfter.getTime() - Date.now();
    if (delayMs > MAX_WAKE_DELAY_MS || this.#isClosed) return;
    setTimeout(
      () => {
        this.wake();
      },
      Math.max(0, delayMs) + CLOCK_SLACK_MS,
    ).unref();
  }

  /** Queues jobs again, for this or another process. */
  async #giveBack(jobs: readonly FetchedJob[]): Promise<void> {
    await Promise.all(jobs.map((job) => this.#commit({ job, retry: deliveryJob(job.data) })));
  }
}
