import { Logger } from '@nestjs/common';
import type { JobResult, JobWithMetadata } from 'pg-boss';
import { loggableError } from '../loggable-error.js';
import type { Handler } from './handler.js';
import type { EventJob, JobQueue } from './job-queue.js';
import type { NewOutcome, Outcomes } from './outcomes.js';
import { storedFailure } from './stored-failure.js';
import type { StoredEvent, StoredEvents } from './stored-events.js';

/** Calls the handler for one event; resolves when it succeeded. */
export type HandlerCall = (stored: StoredEvent, attempt: number) => Promise<void>;

/** Fetches that one lane has under way at once in this process: one slow batch does not hold up the next. */
const MAX_FETCHERS = 4;

/** How often a lane looks for retries that have become due, in seconds. New jobs wake it at once. */
const POLL_SECONDS = 2;

/**
 * A process that has not been heard of for so long has died, and its jobs are tried again, in seconds. The least
 * that pg-boss takes; processes report twice as often.
 */
const HEARTBEAT_SECONDS = 10;

/** Time for a process to record what its listeners did, beyond their own `timeoutMs`, in seconds. */
const SETTLE_SECONDS = 30;

/** One handler's own queue: jobs come out of it, the handler is called, each job is settled on its own. */
export class HandlerLane {
  readonly #logger = new Logger('PostackDispatch');
  #workerId: string | undefined;

  constructor(
    readonly handler: Handler,
    private readonly jobs: JobQueue,
    private readonly events: StoredEvents,
    private readonly outcomes: Outcomes,
    private readonly call: HandlerCall,
  ) {}

  /** Creates the queue, or brings an existing one to today's settings. Must be done before jobs are inserted. */
  async prepare(): Promise<void> {
    const { queue, settings } = this.handler;
    const { attempts, firstDelayMs, maxDelayMs } = settings.retry;
    const options = {
      notify: true,
      retryLimit: attempts - 1,
      retryDelay: firstDelayMs / 1000,
      retryBackoff: true,
      retryDelayMax: Math.max(maxDelayMs, firstDelayMs) / 1000,
      expireInSeconds: Math.ceil(settings.timeoutMs / 1000) + SETTLE_SECONDS,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      // The default, two weeks, would drop jobs of a listener that is away for longer.
      retentionSeconds: 365 * 86_400,
      deleteAfterSeconds: 86_400,
    };
    await this.jobs.boss.createQueue(queue, options);
    await this.jobs.boss.updateQueue(queue, options);
  }

  /** Begins to take jobs. */
  async start(): Promise<void> {
    const fetchers = Math.min(MAX_FETCHERS, this.handler.settings.concurrency);
    this.#workerId = await this.jobs.boss.work(
      this.handler.queue,
      {
        localConcurrency: fetchers,
        batchSize: Math.max(1, Math.floor(this.handler.settings.concurrency / fetchers)),
        includeMetadata: true,
        perJobResults: true,
        pollingIntervalSeconds: POLL_SECONDS,
        notifyPollingIntervalSeconds: POLL_SECONDS,
        burstWhenBatchFull: true,
      },
      (jobs: JobWithMetadata<EventJob>[]) => this.#run(jobs),
    );
  }

  /** There is a new job: look now. */
  wake(): void {
    if (this.#workerId !== undefined) this.jobs.boss.notifyWorker(this.#workerId);
  }

  async #run(jobs: JobWithMetadata<EventJob>[]): Promise<JobResult[]> {
    const events = await this.events.load(
      jobs.map(({ data }) => data.eventId),
      this.handler.name,
    );
    const settled = await Promise.all(
      jobs.map(async (job) => {
        const stored = events.get(job.data.eventId);
        // Removed meanwhile, or done already: a process died between recording that and telling pg-boss.
        if (!stored || stored.outcome === 'done')
          return { result: { id: job.id, status: 'completed' as const } };
        return this.#attempt(job, stored);
      }),
    );
    await this.outcomes.record(
      this.handler.name,
      settled.flatMap(({ outcome }) => outcome ?? []),
    );
    return settled.map(({ result }) => result);
  }

  async #attempt(
    job: JobWithMetadata<EventJob>,
    stored: StoredEvent,
  ): Promise<{ result: JobResult; outcome?: NewOutcome }> {
    const attempts = job.retryCount + 1;
    const common = { rowId: stored.rowId, attempts, jobId: job.id };
    try {
      await this.call(stored, attempts);
      return {
        result: { id: job.id, status: 'completed' },
        outcome: { ...common, status: 'done', failure: null },
      };
    } catch (error) {
      const isLast = job.retryCount >= job.retryLimit;
      const failure = storedFailure(error);
      this.#logger[isLast ? 'error' : 'warn'](
        `${this.handler.name} failed for event ${stored.event.id} (${stored.wireType}), attempt ${attempts} of ` +
          `${job.retryLimit + 1}${isLast ? ', the last: it is dead now' : ''}: ${loggableError(error)}`,
      );
      return {
        result: { id: job.id, status: 'failed', output: { name: failure.name } },
        outcome: { ...common, status: isLast ? 'dead' : 'failing', failure },
      };
    }
  }
}
