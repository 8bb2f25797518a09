import { Logger } from '@nestjs/common';
import PQueue from 'p-queue';
import { loggableError } from '../../errors/loggable-error.js';
import type { Handler } from '../../listeners/handler.js';
import { OutageLog } from '../../errors/outage-log.js';
import { recordedError, withoutPayload } from '../outcomes/recorded-error.js';
import type { HandlerEvent, StoredEvents } from '../stored-events.js';
import type { PgBossService } from '../../jobs/pg-boss.service.js';
import type { JobStatistics } from './job-statistics.js';
import { deliveryJob, type FetchedJob } from './delivery-job.js';
import type { Call, ListenerCalls } from './listener-call.js';
import { nextInLine, runnable } from './select-calls.js';
import { Prefetch } from './prefetch.js';
import { retryDelayMs } from '../../listeners/retry-delay.js';
import type { JobOutcome, JobOutcomes } from './job-outcomes.js';

/** A job with the call that it asks for. */
interface Task extends Call {
  job: FetchedJob;
}

/** Longer waits end with a poll. */
const SHORT_DELAY_MS = 5000;

/** PostgreSQL's clock decides when a job is due. */
const CLOCK_SLACK_MS = 20;

/**
 * One handler's own worker in this process: takes jobs out of its queue, calls the handler, at most `concurrency`
 * times at once, and settles each job on its own. Whatever the handler does, it is only its worker that is affected.
 */
export class HandlerWorker {
  readonly #logger = new Logger('PostackDispatch');
  readonly #calls: PQueue;
  readonly #prefetch: Prefetch;
  /** Fetched and not settled yet, by job id. */
  readonly #held = new Map<string, FetchedJob>();
  readonly #settling = new Set<Promise<void>>();
  readonly #outage = new OutageLog(this.#logger);
  #isPaused = false;
  #isStopping = false;
  #fetching: Promise<void> | undefined;
  #isWoken = false;
  #mayBeMore = false;

  constructor(
    readonly handler: Handler,
    private readonly jobs: PgBossService,
    private readonly events: StoredEvents,
    private readonly listeners: ListenerCalls,
    private readonly settlements: JobOutcomes,
    private readonly statistics: JobStatistics,
  ) {
    this.#calls = new PQueue({ concurrency: handler.settings.concurrency });
    this.#prefetch = new Prefetch(handler.settings);
  }

  /** There may be new jobs: look now. */
  wake(): void {
    this.#isWoken = true;
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
  }

  /** While paused, running calls go on, and no new one begins. */
  set isPaused(isPaused: boolean) {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    this.#logger.log(`${this.handler.name} ${isPaused ? 'is paused' : 'goes on'}`);
    if (!isPaused) this.wake();
  }

  /** Tells pg-boss that the process that holds these jobs is alive. */
  async beat(): Promise<void> {
    if (this.#held.size > 0) await this.jobs.boss.touch(this.handler.queue, [...this.#held.values()]);
  }

  /** Takes no more, gives back what has not begun, and resolves when all that is running is settled. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#fetching;
    await this.#calls.onIdle();
    await Promise.all(this.#settling);
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
          // A few more are not worth a fetch: the next one is at half the target.
          if (room < target / 2 || this.#isClosed) return;
          const startedAt = performance.now();
          const fetched = await this.jobs.boss.fetch<FetchedJob['data']>(this.handler.queue, {
            batchSize: room,
          });
          this.#outage.recovery();
          void this.statistics.fetched(performance.now() - startedAt);
          this.#mayBeMore = fetched.length > 0;
          if (fetched.length === 0) break;
          for (const job of fetched) this.#held.set(job.id, job);
          await this.#begin(fetched);
        }
      }
    } catch (error) {
      // The next look is at the next wake or poll.
      this.#outage.failure(`Jobs of ${this.handler.name} cannot be fetched`, error);
    }
  }

  async #begin(fetched: FetchedJob[]): Promise<void> {
    const { name, settings } = this.handler;
    let tasks: Task[];
    let unneeded: JobOutcome[];
    try {
      ({ tasks, unneeded } = settings.ordered
        ? nextInLine(fetched, await this.events.loadNext(name, fetched.map(lineOf)))
        : runnable(fetched, await this.events.loadFor(name, fetched.map(eventOf))));
    } catch (error) {
      await this.#giveBack(fetched);
      throw error;
    }
    for (const settlement of unneeded) void this.#settle(settlement);
    const size = settings.batchSize ?? 1;
    for (let start = 0; start < tasks.length; start += size) {
      const some = tasks.slice(start, start + size);
      void this.#calls.add(() =>
        this.#isClosed ? this.#giveBack(some.map(({ job }) => job)) : this.#call(some),
      );
    }
  }

  /** Never rejects. */
  async #call(tasks: readonly Task[]): Promise<void> {
    const startedAt = performance.now();
    const results = await this.listeners.run(this.handler, tasks);
    this.#prefetch.took(performance.now() - startedAt);
    // Not awaited: the next call begins while this one's outcome is on its way.
    tasks.forEach((task, index) => void this.#settle(this.#settlementOf(task, results[index])));
  }

  #settlementOf(task: Task, result: PromiseSettledResult<unknown> | undefined): JobOutcome {
    const { job, event, delivery } = task;
    const { rowId, progress } = event;
    const common = { rowId, delivery: progress.delivery, attempts: delivery.attempt };
    const line = progress.orderKey;
    const lineGoesOn = line !== null && (job.data.goesOn === true || delivery.attempt > 1) ? line : undefined;
    if (result?.status === 'fulfilled') {
      const outcome = { ...common, status: 'done' as const, failure: null, nextAttemptAt: null };
      return { job, lineGoesOn, outcome: this.listeners.marksItself(this.handler) ? undefined : outcome };
    }
    const error: unknown = result?.reason;
    const delayMs = retryDelayMs(error, delivery.attempt, this.handler.settings.retry);
    this.#report(error, event, delivery.attempt, delayMs);
    const failure = recordedError(error, [event.event]);
    if (delayMs === null) {
      const outcome = { ...common, status: 'dead' as const, failure, nextAttemptAt: null };
      // What follows a dead letter waits no longer, even if its own jobs are gone.
      return { job, outcome, lineGoesOn: line ?? undefined };
    }
    const nextAttemptAt = new Date(Date.now() + delayMs);
    return {
      job,
      outcome: { ...common, status: 'retrying', failure, nextAttemptAt },
      retry: deliveryJob(
        { ...job.data, eventId: rowId, delivery: progress.delivery, ...(line !== null && { goesOn: true }) },
        nextAttemptAt,
      ),
    };
  }

  #report(error: unknown, { event, wireType }: HandlerEvent, attempt: number, delayMs: number | null): void {
    const outlook =
      delayMs === null ? 'it is a dead letter now' : `trying again in ${Math.round(delayMs / 100) / 10} s`;
    this.#logger[delayMs === null ? 'error' : 'warn'](
      `${this.handler.name} failed for event ${event.id} (${wireType}), attempt ${attempt} of ` +
        `${this.handler.settings.retry.attempts}, ${outlook}: ${withoutPayload(loggableError(error), [event])}`,
    );
  }

  async #settle(settlement: JobOutcome): Promise<void> {
    // When it is given up, at the stop, whoever takes the job over finds what has been recorded.
    const settling = this.settlements.add(settlement).catch(() => undefined);
    this.#settling.add(settling);
    await settling;
    this.#settling.delete(settling);
    // The same job may have been fetched again meanwhile, after its claim had lapsed.
    const { job } = settlement;
    if (this.#held.get(job.id) === job) this.#held.delete(job.id);
    this.#wakeWhenDue(settlement);
    const wantsMore = this.#mayBeMore && this.#held.size <= this.#prefetch.target / 2;
    if (wantsMore || this.handler.settings.ordered) this.wake();
  }

  /** Retries that come before long are not left to the poll. */
  #wakeWhenDue({ retry }: JobOutcome): void {
    if (!(retry?.startAfter instanceof Date)) return;
    const delayMs = retry.startAfter.getTime() - Date.now();
    if (delayMs > SHORT_DELAY_MS || this.#isClosed) return;
    setTimeout(
      () => {
        this.wake();
      },
      Math.max(0, delayMs) + CLOCK_SLACK_MS,
    ).unref();
  }

  /** As if they had never been fetched: others may take them. */
  async #giveBack(jobs: readonly FetchedJob[]): Promise<void> {
    await Promise.all(jobs.map((job) => this.#settle({ job, retry: deliveryJob(job.data) })));
  }
}

const eventOf = ({ data }: FetchedJob) => data.eventId;
const lineOf = ({ data }: FetchedJob) => data.orderKey ?? '';
