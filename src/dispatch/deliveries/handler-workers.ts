import { Injectable, Logger } from '@nestjs/common';
import { loggableError } from '../../errors/loggable-error.js';
import { PostackDatabase } from '../../database/postack-database.js';
import { OutageLog } from '../../errors/outage-log.js';
import type { Handler } from '../../listeners/handler.js';
import { HandlerRegistry } from '../../listeners/handler-registry.js';
import { Outcomes } from '../outcomes/outcomes.js';
import { StoredEvents } from '../stored-events.js';
import { ChangedOrder } from './changed-order.js';
import { CRASHED_JOBS_QUEUE, CrashedJobs, MAX_CRASHES } from './crashed-jobs.js';
import { HandlerWorker } from './handler-worker.js';
import { HEARTBEAT_SECONDS, PgBossService } from '../../jobs/pg-boss.service.js';
import { JobStatistics } from './job-statistics.js';
import { Notifications } from '../../jobs/notifications.js';
import { ListenerCalls } from './listener-call.js';
import { ListenerPauseEntity } from '../listener-pause.entity.js';
import { onceSuccessful } from '../../jobs/once-successful.js';
import { JobOutcomes } from './job-outcomes.js';

/** How often workers look for retries that have become due, and for pauses. New jobs wake them at once. */
const POLL_MS = 2000;

/** Well within `HEARTBEAT_SECONDS`. */
const BEAT_MS = 4000;

/** How often to look for jobs in the queue of a listener whose order has been changed. */
const ADOPT_MS = 60_000;

const QUEUE_OPTIONS = {
  notify: false,
  // Retries of failed calls are new jobs; pg-boss itself only repeats those of processes that have died, at once.
  retryLimit: MAX_CRASHES,
  retryDelay: 0,
  retryBackoff: false,
  deadLetter: CRASHED_JOBS_QUEUE,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  // Heartbeats tell whether a job is held; how long its call may take is the worker's business.
  expireInSeconds: 86_400,
  // The default, two weeks, would drop jobs of a listener that is away for longer.
  retentionSeconds: 365 * 86_400,
  deleteAfterSeconds: 86_400,
};

/** The workers of all handlers in this process. */
@Injectable()
export class HandlerWorkers {
  readonly #logger = new Logger('PostackDispatch');
  readonly #outage = new OutageLog(this.#logger);
  readonly #beatFaults = new OutageLog(this.#logger);
  readonly #workers = new Map<string, HandlerWorker>();
  readonly #settlements: JobOutcomes[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #subscription: { close(): Promise<void> } | undefined;

  constructor(
    private readonly database: PostackDatabase,
    private readonly registry: HandlerRegistry,
    private readonly jobs: PgBossService,
    private readonly events: StoredEvents,
    private readonly outcomes: Outcomes,
    private readonly calls: ListenerCalls,
    private readonly crashed: CrashedJobs,
    private readonly notifications: Notifications,
    private readonly changedOrder: ChangedOrder,
    private readonly statistics: JobStatistics,
  ) {}

  /** Connects pg-boss and makes the queues, once: whoever hands events to a worker has to wait for it. */
  readonly prepare = onceSuccessful(() => this.#prepare());

  /**
   * Begins to take jobs.
   *
   * @param onInboxNotice Called when another process tells of new events in the inbox.
   */
  async start(onInboxNotice: () => void): Promise<void> {
    await this.prepare();
    for (const handler of [...this.registry.listeners, ...this.registry.projections]) {
      const settlements = new JobOutcomes(handler, this.database, this.jobs, this.outcomes);
      this.#settlements.push(settlements);
      this.#workers.set(
        handler.name,
        new HandlerWorker(handler, this.jobs, this.events, this.calls, settlements, this.statistics),
      );
    }
    await this.#readPauses();
    this.#subscription = await this.notifications.subscribe((notification) => {
      if (notification.kind === 'deliveries') this.wake(notification.handlers);
      else if (notification.kind === 'pauses') void this.#poll();
      else onInboxNotice();
    });
    this.#timers.push(
      setInterval(() => void this.#poll(), POLL_MS),
      setInterval(() => void this.#beat(), BEAT_MS),
      setInterval(() => void this.#adopt(), ADOPT_MS),
    );
    this.wake(['*']);
    await this.#adopt();
  }

  /** There are new jobs for these handlers; `'*'` stands for all. */
  wake(names: readonly string[]): void {
    for (const name of names) {
      if (name === '*') for (const worker of this.#workers.values()) worker.wake();
      else this.#workers.get(name)?.wake();
    }
  }

  /** Takes no more jobs and waits for running calls until `deadline` is over; then gives up. */
  async stop(deadline: Promise<void>): Promise<void> {
    const stopped = Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
    await Promise.race([stopped, deadline]);
    for (const settlements of this.#settlements) settlements.stop();
    for (const timer of this.#timers) clearInterval(timer);
    await this.#subscription?.close();
  }

  async #prepare(): Promise<void> {
    await this.jobs.start();
    await this.crashed.prepare();
    const handlers = [...this.registry.listeners, ...this.registry.projections];
    await Promise.all(handlers.map((handler) => this.#prepareQueue(handler)));
  }

  /** Creates the queue, or brings an existing one to today's settings. */
  async #prepareQueue({ queue, settings }: Handler): Promise<void> {
    const { boss } = this.jobs;
    // One active job for each line: that is what keeps its events one after the other.
    await boss.createQueue(queue, { ...QUEUE_OPTIONS, policy: settings.ordered ? 'singleton' : 'standard' });
    await boss.updateQueue(queue, QUEUE_OPTIONS);
  }

  async #poll(): Promise<void> {
    try {
      await this.#readPauses();
      this.#outage.recovery();
    } catch (error) {
      this.#outage.failure('Pauses of listeners cannot be read', error);
    }
    this.wake(['*']);
  }

  async #readPauses(): Promise<void> {
    const pauses = await this.database.repository(ListenerPauseEntity).find();
    const paused = new Set(pauses.map(({ listener }) => listener));
    for (const worker of this.#workers.values()) worker.isPaused = paused.has(worker.handler.name);
  }

  async #adopt(): Promise<void> {
    for (const { handler } of this.#workers.values()) {
      try {
        if ((await this.changedOrder.adopt(handler)) > 0) this.wake([handler.name]);
      } catch (error) {
        this.#logger.warn(`Jobs of ${handler.name} could not be moved: ${loggableError(error)}`);
      }
    }
  }

  async #beat(): Promise<void> {
    try {
      for (const worker of this.#workers.values()) await worker.beat();
      this.#beatFaults.recovery();
    } catch (error) {
      this.#beatFaults.failure('Heartbeats of running listeners cannot be sent', error);
    }
  }
}
