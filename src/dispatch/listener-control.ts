import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../database/run-sql.js';
import { PostackDatabase } from '../database/postack-database.js';
import { Notifications } from '../jobs/notifications.js';
import { HandlerNotFoundError, InvalidPauseError, ListenerInUseError } from './dispatch-errors.js';
import { ListenerPauseEntity } from './listener-pause.entity.js';
import { ListenerReports } from './listener-reports.js';
import type { ListenerState, WorkerState } from './listener-state.js';
import { DeliveryEntity } from './outcomes/delivery.entity.js';
import { SubscriptionEntity } from '../listeners/subscription.entity.js';
import { type Subscriber, Subscriptions } from '../listeners/subscriptions.js';
import { WorkerEntity } from '../jobs/worker.entity.js';

/** Retiring a listener discards this many deliveries in one transaction. */
const CHUNK_SIZE = 5000;

/** A dispatch that began before a listener was retired has ended after this time. */
const DISPATCH_MS = 15_000;

/** Reports the state of listeners and projections, of whatever process; pauses, resumes and retires them. */
@Injectable()
export class ListenerControl {
  constructor(
    private readonly database: PostackDatabase,
    private readonly subscriptions: Subscriptions,
    private readonly notifications: Notifications,
    private readonly reports: ListenerReports,
  ) {}

  /** All listeners and projections, sorted by name. */
  async report(): Promise<ListenerState[]> {
    await this.subscriptions.refresh();
    return this.reports.of(this.subscriptions.all);
  }

  /** One listener or projection; `null` when there is none of this name. */
  async find(name: string): Promise<ListenerState | null> {
    await this.subscriptions.refresh();
    const subscriber = this.subscriptions.get(name);
    const [state] = subscriber ? await this.reports.of([subscriber]) : [];
    return state ?? null;
  }

  /** The running processes that dispatch and call listeners, the oldest first. */
  workers(): Promise<WorkerState[]> {
    return this.database.repository(WorkerEntity).find({ order: { startedAt: 'ASC', id: 'ASC' } });
  }

  /**
   * Pauses a listener in all processes: its events are queued until it is resumed. Running calls finish; accepting,
   * projections and other listeners are not affected. Pausing it again replaces the reason.
   *
   * @throws {HandlerNotFoundError}
   * @throws {InvalidPauseError} when it is a projection.
   */
  async pause(name: string, reason?: string): Promise<void> {
    if ((await this.#subscriber(name)).kind === 'projection') {
      throw new InvalidPauseError(
        `"${name}" is a projection and cannot be paused: it runs as part of the dispatch. Only listeners can be paused`,
      );
    }
    await this.database.transaction(async (manager) => {
      await runSql(
        manager,
        `INSERT INTO ${this.database.table(ListenerPauseEntity)} (listener, reason) VALUES ($1, $2)
         ON CONFLICT (listener) DO UPDATE SET reason = excluded.reason`,
        [name, reason ?? null],
      );
      await this.notifications.pauses(manager);
    });
  }

  /**
   * Resumes a listener in all processes, with the events that were queued meanwhile. No effect when it is not paused.
   *
   * @throws {HandlerNotFoundError}
   */
  async resume(name: string): Promise<void> {
    await this.subscriptions.refresh();
    await this.database.transaction(async (manager) => {
      const { affected } = await manager.getRepository(ListenerPauseEntity).delete({ listener: name });
      if (!affected && !this.subscriptions.get(name)) throw new HandlerNotFoundError(name);
      await this.notifications.pauses(manager);
    });
  }

  /**
   * Retires a listener or projection that no process has any more: no event is delivered to it from now on, and what it
   * has not handled is discarded, dead letters included. Resolves to the number of discarded deliveries.
   *
   * @param reason Stored with each of them.
   * @throws {HandlerNotFoundError}
   * @throws {ListenerInUseError} when a running process has it.
   */
  async retire(name: string, reason: string): Promise<number> {
    const subscriber = await this.#subscriber(name);
    if (subscriber.handler) throw new ListenerInUseError(name);
    await this.database.transaction(async (manager) => {
      const [{ isUsed } = { isUsed: true }] = await runSql<{ isUsed: boolean }[]>(
        manager,
        `SELECT EXISTS (SELECT 1 FROM ${this.database.table(WorkerEntity)} WHERE $1 = ANY (handlers)) AS "isUsed"`,
        [name],
      );
      if (isUsed) throw new ListenerInUseError(name);
      await manager.getRepository(SubscriptionEntity).delete({ handler: name });
      await manager.getRepository(ListenerPauseEntity).delete({ listener: name });
    });
    const discarded = await this.#discardAll(name, reason);
    await this.#earlierTransactions();
    return discarded + (await this.#discardAll(name, reason));
  }

  /** Waits until all transactions that are running have ended: a dispatch may still deliver to a retired listener. */
  async #earlierTransactions(): Promise<void> {
    const endMs = performance.now() + DISPATCH_MS;
    // A claim that has read the subscriptions gets its transaction id a moment later.
    await sleep(100);
    const [current] = await this.database.query<{ id: string }[]>('SELECT pg_current_xact_id()::text AS id');
    while (performance.now() < endMs) {
      const [row] = await this.database.query<{ isOver: boolean }[]>(
        'SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8 AS "isOver"',
        [current?.id],
      );
      if (row?.isOver) return;
      await sleep(100);
    }
  }

  async #discardAll(name: string, reason: string): Promise<number> {
    let discarded = 0;
    for (let chunk = -1; chunk !== 0; discarded += chunk) {
      chunk = await this.database.forLongStatements.transaction((manager) =>
        this.#discard(name, reason, manager),
      );
    }
    return discarded;
  }

  async #discard(name: string, reason: string, manager: EntityManager): Promise<number> {
    const delivery = this.database.table(DeliveryEntity);
    const [, affected] = await runSql<[unknown, number]>(
      manager,
      `UPDATE ${delivery} SET status = 'discarded', discard_reason = $2, run_at = NULL, worker = NULL, updated_at = now()
       WHERE (event_id, handler) IN (
         SELECT event_id, handler FROM ${delivery}
         WHERE handler = $1 AND status NOT IN ('done', 'discarded') ORDER BY event_id LIMIT ${CHUNK_SIZE})`,
      [name, reason],
    );
    return affected;
  }

  /** @throws {HandlerNotFoundError} */
  async #subscriber(name: string): Promise<Subscriber> {
    await this.subscriptions.refresh();
    const subscriber = this.subscriptions.get(name);
    if (!subscriber) throw new HandlerNotFoundError(name);
    return subscriber;
  }
}
