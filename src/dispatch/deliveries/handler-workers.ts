import { Injectable, Logger } from '@nestjs/common';
import { PostackDatabase } from '../../database/postack-database.js';
import { loggableError } from '../../errors/loggable-error.js';
import { OutageLog } from '../../errors/outage-log.js';
import { Notifications } from '../../jobs/notifications.js';
import { onceSuccessful } from '../../jobs/once-successful.js';
import { HEARTBEAT_SECONDS, PgBossService } from '../../jobs/pg-boss.service.js';
import type { Handler } from '../../listeners/handler.js';
import { HandlerRegistry } from '../../listeners/handler-registry.js';
import { ListenerPauseEntity } from '../listener-pause.entity.js';
import { Outcomes } from '../outcomes/outcomes.js';
import { StoredEvents } from '../stored-events.js';
import { CRASHED_JOBS_QUEUE, CrashedJobs, MAX_CRASHES } from './crashed-jobs.js';
import { HandlerWorker } from './handler-worker.js';
import { JobOutcomes } from './job-outcomes.js';
import { JobStatistics } from './job-statistics.js';
import { ListenerCalls } from './listener-calls.js';
import { QueueMigration } from './queue-migration.js';

/** Interval of polling for due retries, and for notifications that were missed. New jobs wake workers at once. */
const POLL_MS = 2000;

/** Well below `HEARTBEAT_SECONDS`. */
const BEAT_MS = 4000;

const QUEUE_MIGRATION_INTERVAL_MS = 60_000;

const QUEUE_OPTIONS = {
  notify: false,
  // Retries of failed calls are new jobs. pg-boss itself only retries jobs whose process died, without delay.
  retryLimit: MAX_CRASHES,
  retryDelay: 0,
  retryBackoff: false,
  deadLetter: CRASHED_JOBS_QUEUE,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  // Heartbeats show that a job is held. The worker itself limits the duration of a call.
  expireInSeconds: 86_400,
  // With the default of two weeks, jobs of a listener that is paused or absent for longer would be lost.
  retentionSeconds: 365 * 86_400,
  deleteAfterSeconds: 86_400,
};

/** Starts, wakes, pauses and stops the workers of all handlers in this process, and prepares their queues. */
@Injectable()
export class HandlerWorkers {
  readonly #logger = new Logger('PostackDispatch');
  readonly #pollOutage = new OutageLog(this.#logger);
  readonly #beatOutage = new OutageLog(this.#logger);
  readonly #workers = new Map<string, HandlerWorker>();
  readonly #outcomes: JobOutcomes[] = [];
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
    private readonly migration: QueueMigration,
    private readonly statistics: JobStatistics,
  ) {}

  /** Connects pg-boss and creates the queues, once. Required before events are enqueued. */
  readonly prepare = onceSuccessful(() => this.#prepare());

  /**
   * Starts to fetch jobs.
   *
   * @param onInboxNotice Called when another process has stored events.
   */
  async start(onInboxNotice: () => void): Promise<void> {
    await this.prepare();
    for (const handler of this.#handlers) {
      const outcomes = new JobOutcomes(handler, this.database, this.jobs, this.outcomes);
      this.#outcomes.push(outcomes);
      this.#workers.set(
        handler.name,
        new HandlerWorker(handler, this.jobs, this.events, this.calls, outcomes, this.statistics),
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
      setInterval(() => void this.#migrateQueues(), QUEUE_MIGRATION_INTERVAL_MS),
    );
    this.wake(['*']);
    await this.#migrateQueues();
  }

  /** Wakes the workers of these handlers; `'*'` stands for all. */
  wake(names: readonly string[]): void {
    for (const name of names) {
      if (name === '*') for (const worker of this.#workers.values()) worker.wake();
      else this.#workers.get(name)?.wake();
    }
  }

  /** Stops fetching, and waits for running calls until `deadline` resolves. */
  async stop(deadline: Promise<void>): Promise<void> {
    const stopped = Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
    await Promise.race([stopped, deadline]);
    for (const outcomes of this.#outcomes) outcomes.stop();
    for (const timer of this.#timers) clearInterval(timer);
    await this.#subscription?.close();
  }

  get #handlers(): Handler[] {
    return [...this.registry.listeners, ...this.registry.projections];
  }

  async #prepare(): Promise<void> {
    await this.jobs.start();
    await this.crashed.prepare();
    await Promise.all(this.#handlers.map((handler) => this.#prepareQueue(handler)));
  }

  /** Creates the queue, or updates the options of an existing one. */
  async #prepareQueue({ queue, settings }: Handler): Promise<void> {
    const { boss } = this.jobs;
    // `singleton` allows one active job for each message group, so its events are handled one at a time.
    await boss.createQueue(queue, { ...QUEUE_OPTIONS, policy: settings.ordered ? 'singleton' : 'standard' });
    await boss.updateQueue(queue, QUEUE_OPTIONS);
  }

  async #poll(): Promise<void> {
    try {
      await this.#readPauses();
      this.#pollOutage.recovery();
    } catch (error) {
      this.#pollOutage.failure('Listener pause polling', error);
    }
    this.wake(['*']);
  }

  async #readPauses(): Promise<void> {
    const pauses = await this.database.repository(ListenerPauseEntity).find();
    const paused = new Set(pauses.map(({ listener }) => listener));
    for (const worker of this.#workers.values()) worker.isPaused = paused.has(worker.handler.name);
  }

  async #migrateQueues(): Promise<void> {
    for (const { handler } of this.#workers.values()) {
      try {
        if ((await this.migration.run(handler)) > 0) this.wake([handler.name]);
      } catch (error) {
        this.#logger.warn(
          `Could not move jobs of ${handler.name} to its new queue; retrying in ` +
            `${QUEUE_MIGRATION_INTERVAL_MS / 1000} s: ${loggableError(error)}`,
        );
      }
    }
  }

  async #beat(): Promise<void> {
    try {
      for (const worker of this.#workers.values()) await worker.beat();
      this.#beatOutage.recovery();
    } catch (error) {
      this.#beatOutage.failure('Sending job heartbeats', error);
    }
  }
}
