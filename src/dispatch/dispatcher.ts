import { setTimeout as sleep } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import type { DataSource } from 'typeorm';
import { Inbox } from '../inbox/inbox.js';
import { INBOX_CHANNEL } from '../inbox/inbox-insert.js';
import { loggableError } from '../loggable-error.js';
import { POSTACK_DATA_SOURCE } from '../postack.data-source.js';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../postack.options.js';
import { DispatchBatch } from './dispatch-batch.js';
import { HandlerLane } from './handler-lane.js';
import { HandlerRegistry } from './handler-registry.js';
import { JobQueue } from './job-queue.js';
import { callListener } from './listener-call.js';
import { ObserverNotices } from './observer-notices.js';
import { Outcomes } from './outcomes.js';
import { ProjectionRunner } from './projection-runner.js';
import { StoredEvents } from './stored-events.js';

/** Wait after a failed batch, growing up to the second value while PostgreSQL stays away. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

/**
 * Moves stored events on: claims a batch of the inbox, runs the projections, hands each event to each of its
 * listeners' lanes, marks and commits, all in one transaction. Woken at once by this process's own inbox, by
 * NOTIFY from processes that only accept, and by a slow poll for whatever a dead process has left behind.
 */
@Injectable()
export class Dispatcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger('PostackDispatch');
  readonly #lanes = new Map<string, HandlerLane>();
  readonly #batches: DispatchBatch;
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #subscription: { close(): Promise<void> } | undefined;
  #isAwake = false;
  #wake: () => void = () => undefined;

  constructor(
    @Inject(POSTACK_OPTIONS) private readonly options: ResolvedPostackOptions,
    @Inject(POSTACK_DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly inbox: Inbox,
    private readonly registry: HandlerRegistry,
    private readonly jobs: JobQueue,
    private readonly events: StoredEvents,
    private readonly outcomes: Outcomes,
    private readonly projections: ProjectionRunner,
    private readonly notices: ObserverNotices,
    private readonly emitter: EventEmitter2,
  ) {
    this.#batches = new DispatchBatch(dataSource, registry, jobs, events, outcomes, projections);
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.options.role === 'accept') return;
    await this.jobs.start();
    for (const handler of this.registry.listeners) {
      this.#addLane(handler, ({ event }, attempt) => callListener(this.emitter, handler, event, attempt));
    }
    for (const handler of this.registry.projections) {
      this.#addLane(handler, (stored, attempt) => this.projections.runAlone(handler, stored, attempt));
    }
    await Promise.all([...this.#lanes.values()].map((lane) => lane.prepare()));
    await Promise.all([...this.#lanes.values()].map((lane) => lane.start()));
    this.inbox.onCommit(() => {
      this.wake();
    });
    this.#subscription = await this.jobs.listen(INBOX_CHANNEL, () => {
      this.wake();
    });
    this.#loop = this.#run();
  }

  /** Stops claiming, then lets running listeners finish. What is not done is taken over by another process. */
  async beforeApplicationShutdown(): Promise<void> {
    if (this.options.role === 'accept') return;
    this.#stopping.abort();
    this.wake();
    // A batch that hangs is undone when its connection is closed, by whoever closes the data source.
    await Promise.race([this.#loop, sleep(this.options.shutdownTimeoutMs, undefined, { ref: false })]);
    await this.#subscription?.close();
    await this.jobs.stop();
  }

  /** There may be undispatched events: look now instead of at the next poll. */
  wake(): void {
    this.#isAwake = true;
    this.#wake();
  }

  #addLane(handler: HandlerLane['handler'], call: ConstructorParameters<typeof HandlerLane>[4]): void {
    this.#lanes.set(handler.name, new HandlerLane(handler, this.jobs, this.events, this.outcomes, call));
  }

  async #run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#stopping.signal.aborted) {
      this.#isAwake = false;
      try {
        const batch = await this.#batches.run(this.options.dispatchBatchSize, this.options.dispatchTimeoutMs);
        pauseMs = FIRST_PAUSE_MS;
        for (const name of batch.woken) this.#lanes.get(name)?.wake();
        this.notices.send(batch.events);
        // A full batch means that there are probably more.
        if (batch.events.length < this.options.dispatchBatchSize) await this.#sleep();
      } catch (error) {
        this.#logger.error(`Dispatching failed, trying again in ${pauseMs} ms: ${loggableError(error)}`);
        await sleep(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  /** Until woken, or until it is time to poll. */
  async #sleep(): Promise<void> {
    if (this.#isAwake || this.#stopping.signal.aborted) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, this.options.pollIntervalMs);
    });
    clearTimeout(timer);
    this.#wake = () => undefined;
  }
}
