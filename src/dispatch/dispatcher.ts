import { setTimeout as sleep } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { withoutTracing } from '../events/tracing.js';
import { OutageLog } from '../errors/outage-log.js';
import { Inbox } from '../inbox/inbox.js';
import { JobsOptions } from '../jobs/jobs.options.js';
import { Shutdown } from '../jobs/shutdown.js';
import { Backlog } from './backlog.js';
import { HandlerWorkers } from './deliveries/handler-workers.js';
import { DispatchBatch } from './dispatch-batch.js';
import { DispatchOptions } from './dispatch.options.js';
import { ObserverNotices } from './observer-notices.js';

/** Wait after a failed batch; doubles up to `MAX_PAUSE_MS`. */
const MIN_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5000;

/** Minimum time between the starts of two batches, unless there is a backlog. */
const MIN_INTERVAL_MS = 10;

/** Concurrent batches while there is a backlog: one is prepared while PostgreSQL executes the other. */
const MAX_CONCURRENT_BATCHES = 2;

/**
 * Dispatches stored events. Each batch is one transaction: claim events in the inbox, run the projections, write a
 * delivery for each listener, mark the events as dispatched. Woken by commits of this process's own inbox, by NOTIFY
 * from processes that only accept, and by a slow poll for events left behind by a process that died.
 */
@Injectable()
export class Dispatcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #outage = new OutageLog(new Logger('PostackDispatch'));
  readonly #backlog = new Backlog();
  /** When a batch was last dispatched, or none was waiting, by `performance.now()`. */
  lastSuccessMs = performance.now();
  #lastFullScanMs = -Infinity;
  #loop: Promise<void> = Promise.resolve();
  #isAwake = false;
  #wake: () => void = () => undefined;

  constructor(
    private readonly options: DispatchOptions,
    private readonly jobs: JobsOptions,
    private readonly shutdown: Shutdown,
    private readonly inbox: Inbox,
    private readonly batches: DispatchBatch,
    private readonly workers: HandlerWorkers,
    private readonly notices: ObserverNotices,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.jobs.works) return;
    await withoutTracing(() => this.#start());
  }

  async #start(): Promise<void> {
    await this.workers.start(() => {
      this.wake();
    });
    this.inbox.onCommit((stored) => {
      this.#backlog.add(stored);
      this.wake();
    });
    this.inbox.paceBy(() => this.#backlog.wait());
    this.#loop = this.#run();
  }

  /** Stops claiming, then waits for running listeners. Unfinished events are taken over by another process. */
  async beforeApplicationShutdown(): Promise<void> {
    const deadline = this.shutdown.begin();
    this.wake();
    // A batch that hangs is rolled back when the data source is closed, and with it the connection.
    await Promise.race([this.#loop, deadline]);
    await this.workers.stop(deadline);
  }

  /** Looks for undispatched events now instead of at the next poll. */
  wake(): void {
    this.#isAwake = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    const { dispatchBatchSize } = this.options;
    let pauseMs = MIN_PAUSE_MS;
    let concurrency = 1;
    while (!this.shutdown.signal.aborted) {
      this.#isAwake = false;
      const startedAt = performance.now();
      const results = await Promise.allSettled(Array.from({ length: concurrency }, () => this.#dispatch()));
      const failure = results.find((result) => result.status === 'rejected');
      if (failure) {
        this.#outage.failure('Dispatch', failure.reason);
        await this.#pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
        continue;
      }
      this.#outage.recovery();
      this.lastSuccessMs = performance.now();
      pauseMs = MIN_PAUSE_MS;
      // A full batch means that there are probably more events.
      const isFull = results.some((result) => 'value' in result && result.value === dispatchBatchSize);
      concurrency = isFull ? MAX_CONCURRENT_BATCHES : 1;
      if (isFull) continue;
      this.#backlog.clear();
      await this.#sleep();
      // Events that arrive within the interval share a transaction; after a longer sleep there is no wait.
      await this.#pause(MIN_INTERVAL_MS - (performance.now() - startedAt));
    }
  }

  /** Dispatches one batch. Resolves to its number of events. */
  async #dispatch(): Promise<number> {
    const { dispatchBatchSize, dispatchTimeoutMs, pollIntervalMs } = this.options;
    const isFullScan = performance.now() - this.#lastFullScanMs >= pollIntervalMs;
    if (isFullScan) this.#lastFullScanMs = performance.now();
    const events = await this.batches.run(dispatchBatchSize, dispatchTimeoutMs, isFullScan);
    this.#backlog.remove(events.length);
    this.notices.send(events);
    return events.length;
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.shutdown.signal }).catch(() => undefined);
  }

  /** Resolves when woken, or when it is time to poll. */
  async #sleep(): Promise<void> {
    if (this.#isAwake || this.shutdown.signal.aborted) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, this.options.pollIntervalMs);
    });
    clearTimeout(timer);
    this.#wake = () => undefined;
  }
}
