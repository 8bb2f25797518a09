import { Injectable, Logger } from '@nestjs/common';
import { PostackDatabase } from '../../database/postack-database.js';
import { OutageLog } from '../../errors/outage-log.js';
import { AbsentListeners } from '../absent-listeners.js';
import { Notifications } from '../../jobs/notifications.js';
import { PgBossService } from '../../jobs/pg-boss.service.js';
import { HandlerRegistry } from '../../listeners/handler-registry.js';
import { ListenerPauseEntity } from '../listener-pause.entity.js';
import { Subscriptions } from '../../listeners/subscriptions.js';
import { CallGate } from './call-gate.js';
import { HandlerWorker } from './handler-worker.js';
import { Leases } from '../../jobs/leases.js';
import { Ledger } from './ledger.js';
import { ListenerCalls } from './listener-calls.js';
import { Regrouping } from './regrouping.js';
import { Settlements } from './settlements.js';
import { Suspects } from './suspects.js';

/** Interval of polling for due retries, and for notifications that were missed. New deliveries wake workers at once. */
const POLL_MS = 2000;

/** Interval of looking for what concurrent changes and older versions of a listener have left behind. */
const SWEEP_MS = 10_000;

/** Listeners had queues of pg-boss before they had the ledger. */
const FORMER_QUEUES = /^(?:(?:listener|ordered|projection)\..*|crashed)$/;

/** Starts, wakes, pauses and stops the workers of all handlers in this process. */
@Injectable()
export class HandlerWorkers {
  readonly #logger = new Logger('PostackDispatch');
  readonly #pollOutage = new OutageLog(this.#logger);
  readonly #sweepOutage = new OutageLog(this.#logger);
  readonly #gate = new CallGate();
  readonly #workers = new Map<string, HandlerWorker>();
  readonly #timers: NodeJS.Timeout[] = [];
  #subscription: { close(): Promise<void> } | undefined;

  constructor(
    private readonly database: PostackDatabase,
    private readonly registry: HandlerRegistry,
    private readonly subscriptions: Subscriptions,
    private readonly leases: Leases,
    private readonly ledger: Ledger,
    private readonly calls: ListenerCalls,
    private readonly settlements: Settlements,
    private readonly suspects: Suspects,
    private readonly regrouping: Regrouping,
    private readonly jobs: PgBossService,
    private readonly notifications: Notifications,
    private readonly absent: AbsentListeners,
  ) {}

  /**
   * Declares the handlers of this process, and starts to take deliveries.
   *
   * @param onInboxNotice Called when another process has stored events.
   */
  async start(onInboxNotice: () => void): Promise<void> {
    const handlers = [...this.registry.listeners, ...this.registry.projections];
    await this.leases.start(
      handlers.map(({ name }) => name),
      { release: () => this.#release(), giveBackAll: (leaseId) => this.ledger.giveBackAll(leaseId) },
    );
    await this.subscriptions.declare();
    await this.jobs.removeQueues((name) => FORMER_QUEUES.test(name));
    for (const handler of handlers) {
      this.#workers.set(
        handler.name,
        new HandlerWorker(handler, this.ledger, this.leases, this.#gate, this.calls, this.settlements),
      );
    }
    await this.#readPauses();
    this.#subscription = await this.notifications.subscribe((notification) => {
      if (notification.kind === 'deliveries') this.expect(notification.handlers);
      else if (notification.kind === 'pauses') void this.#poll();
      else onInboxNotice();
    });
    this.#timers.push(
      setInterval(() => void this.#poll(), POLL_MS),
      setInterval(() => void this.#sweep(), SWEEP_MS),
    );
    await this.#sweep();
    this.expect(['*']);
  }

  /** The worker of a handler of this process. */
  get(name: string): HandlerWorker | undefined {
    return this.#workers.get(name);
  }

  /** Deliveries of these handlers are waiting; `'*'` stands for all. */
  expect(names: readonly string[]): void {
    for (const name of names) {
      if (name === '*') for (const worker of this.#workers.values()) worker.expect();
      else this.#workers.get(name)?.expect();
    }
  }

  /** Stops taking, and waits for running calls until `deadline` resolves. */
  async stop(deadline: Promise<void>): Promise<void> {
    const stopped = Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
    await Promise.race([stopped, deadline]);
    this.settlements.stop();
    for (const timer of this.#timers) clearInterval(timer);
    await this.#subscription?.close();
    await this.leases.stop();
  }

  async #poll(): Promise<void> {
    try {
      await this.#readPauses();
      this.#pollOutage.recovery();
    } catch (error) {
      this.#pollOutage.failure('Listener pause polling', error);
    }
    for (const worker of this.#workers.values()) worker.wake();
    await this.suspects.run([...this.#workers.values()], this.#gate);
  }

  /** Releases the deliveries of dead processes. */
  async #release(): Promise<void> {
    const released = await this.ledger.release();
    for (const { handler, status, svixId, crashes } of released) {
      if (status !== 'dead') continue;
      this.#logger.error(`${handler}: ${crashes} process crashes on event ${svixId}; moved to dead letters`);
    }
    if (released.length === 0) return;
    this.expect(['*']);
    void this.#sweep();
    void this.#poll();
  }

  async #readPauses(): Promise<void> {
    const pauses = await this.database.repository(ListenerPauseEntity).find();
    const paused = new Set(pauses.map(({ listener }) => listener));
    for (const worker of this.#workers.values()) worker.isPaused = paused.has(worker.handler.name);
  }

  async #sweep(): Promise<void> {
    try {
      await this.subscriptions.renew();
      await this.absent.report();
      for (const { handler } of this.#workers.values()) {
        const regrouped = await this.regrouping.run(handler);
        const unblocked = handler.settings.ordered ? await this.ledger.unblock(handler.name) : 0;
        if (regrouped + unblocked > 0) this.expect([handler.name]);
      }
      this.#sweepOutage.recovery();
    } catch (error) {
      this.#sweepOutage.failure('Delivery sweep', error);
    }
  }
}
