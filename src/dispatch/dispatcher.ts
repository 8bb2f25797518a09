import { setTimeout as sleep } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Inbox } from '../inbox/inbox.js';
import { JobsOptions } from '../jobs/jobs.options.js';
import { Shutdown } from '../jobs/shutdown.js';
import { DispatchOptions } from './dispatch.options.js';
import { Backlog } from './backlog.js';
import { DispatchBatch } from './dispatch-batch.js';
import { OutageLog } from '../errors/outage-log.js';
import { HandlerWorkers } from './deliveries/handler-workers.js';
import { ObserverNotices } from './observer-notices.js';

/** Wait after a failed batch, growing up to the second value while PostgreSQL stays away. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

/** From the beginning of one batch to that of the next, at least, unless events pile up. */
const MIN_INTERVAL_MS = 10;

/** Batches under way at once while events pile up: one is prepared while PostgreSQL is at the other. */
const MAX_AT_ONCE = 2;

/**
 * Moves stored events on: claims a batch of the inbox, runs the projections, hands each event to each of its
 * listeners' workers, marks and commits, all in one transaction. Woken at once by this process's own inbox, by
 * NOTIFY from processes that only accept, and by a slow poll for whatever a dead process has left behind.
 */
@Injectable()
export class Dispatcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #outage = new OutageLog(new Logger('PostackDispatch'));
  readonly #backlog = new Backlog();
  #thoroughAt = -Infinity;
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
    const wake = () => {
      this.wake();
    };
    await this.workers.start(wake);
    this.inbox.onCommit((stored) => {
      this.#backlog.grew(stored);
      this.wake();
    });
    this.inbox.paceBy(() => this.#backlog.wait());
    this.#loop = this.#run();
  }

  /** Stops claiming, then lets running listeners finish. What is not done is taken over by another process. */
  async beforeApplicationShutdown(): Promise<void> {
    const deadline = this.shutdown.begin();
    this.wake();
    // A batch that hangs is undone when its connection is closed, by whoever closes the data source.
    await Promise.race([this.#loop, deadline]);
    await this.workers.stop(deadline);
  }

  /** There may be undispatched events: look now instead of at the next poll. */
  wake(): void {
    this.#isAwake = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    const { dispatchBatchSize } = this.options;
    let pauseMs = FIRST_PAUSE_MS;
    let atOnce = 1;
    while (!this.shutdown.signal.aborted) {
      this.#isAwake = false;
      const startedAt = performance.now();
      const results = await Promise.allSettled(Array.from({ length: atOnce }, () => this.#dispatch()));
      const fault = results.find((result) => result.status === 'rejected');
      if (fault) {
        this.#outage.failure('Dispatching fails', fault.reason);
        await this.#pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
        continue;
      }
      this.#outage.recovery();
      pauseMs = FIRST_PAUSE_MS;
      // A full batch means that there are probably more.
      const isFull = results.some((result) => 'value' in result && result.value === dispatchBatchSize);
      atOnce = isFull ? MAX_AT_ONCE : 1;
      if (isFull) continue;
      this.#backlog.isGone();
      await this.#sleep();
      // Whatever comes in meanwhile shares a transaction; after a longer pause, an event is dispatched at once.
      await this.#pause(MIN_INTERVAL_MS - (performance.now() - startedAt));
    }
  }

  /** One batch. Resolves to its number of events. */
  async #dispatch(): Promise<number> {
    const { dispatchBatchSize, dispatchTimeoutMs, pollIntervalMs } = this.options;
    const isThorough = performance.now() - this.#thoroughAt >= pollIntervalMs;
    if (isThorough) this.#thoroughAt = performance.now();
    const batch = await this.batches.run(dispatchBatchSize, dispatchTimeoutMs, isThorough);
    this.workers.wake(batch.woken);
    this.#backlog.shrank(batch.events.length);
    this.notices.send(batch.events);
    return batch.events.length;
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.shutdown.signal }).catch(() => undefined);
  }

  /** Until woken, or until it is time to poll. */
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
