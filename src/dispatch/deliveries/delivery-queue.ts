import { Injectable } from '@nestjs/common';
import type { JobInsert } from 'pg-boss';
import type { EntityManager } from 'typeorm';
import type { DeliveryReason } from '../../listeners/listener-context.js';
import { orderKeyOf } from '../../listeners/order-key.js';
import { InboxEventEntity } from '../../inbox/inbox-event.entity.js';
import { PostackDatabase } from '../../database/postack-database.js';
import type { Handler } from '../../listeners/handler.js';
import { HandlerOutcomeEntity } from '../outcomes/handler-outcome.entity.js';
import type { StoredEvent } from '../stored-events.js';
import { PgBossService } from '../../jobs/pg-boss.service.js';
import { Notifications } from '../../jobs/notifications.js';
import { deliveryJob, type DeliveryJob } from './delivery-job.js';

/** Gives events to a handler's worker, within a transaction of the caller's: all of it happens, or nothing. */
@Injectable()
export class DeliveryQueue {
  readonly #outcome: string;
  readonly #inbox: string;

  constructor(
    database: PostackDatabase,
    private readonly jobs: PgBossService,
    private readonly notifications: Notifications,
  ) {
    this.#outcome = database.table(HandlerOutcomeEntity);
    this.#inbox = database.table(InboxEventEntity);
  }

  /** Events that the handler has never had. The caller marks them as handed to it, and wakes its worker. */
  async enqueue(handler: Handler, events: readonly StoredEvent[], manager: EntityManager): Promise<void> {
    const { ordered } = handler.settings;
    const jobs = events.map(({ rowId, event }) => this.#job(rowId, 0, ordered && orderKeyOf(event, ordered)));
    if (ordered) {
      // The worker chooses the one that occurred first, so it has to know of those that wait.
      await manager.query(
        `INSERT INTO ${this.#outcome} (event_id, handler, status, attempts, order_key)
         SELECT event_id, $1, 'pending', 0, order_key FROM unnest($2::bigint[], $3::text[]) AS new (event_id, order_key)
         ON CONFLICT (event_id, handler) DO NOTHING`,
        [handler.name, events.map(({ rowId }) => rowId), jobs.map(({ singletonKey }) => singletonKey)],
      );
    }
    await this.#insert(handler, jobs, manager);
  }

  /**
   * Events that the handler is to have (again): a new delivery of each begins, with all its attempts, and whatever
   * was still queued of the one before is void. HandlerWorkers are woken when the transaction commits. Events whose body has
   * been removed are left out.
   *
   * @param replayId The replay that does this; `null` when a person has chosen these events.
   */
  async redeliver(
    handler: Handler,
    events: readonly StoredEvent[],
    reason: Exclude<DeliveryReason, 'initial'>,
    replayId: string | null,
    manager: EntityManager,
  ): Promise<void> {
    if (events.length === 0) return;
    const { ordered } = handler.settings;
    const sorted = await this.#keep(events, manager);
    const rowIds = sorted.map(({ rowId }) => rowId);
    const rows: { event_id: string; delivery: number; order_key: string | null }[] = await manager.query(
      `INSERT INTO ${this.#outcome} AS o (event_id, handler, status, attempts, delivery, reason, replay_id, order_key)
       SELECT event_id, $1, 'pending', 0, 1, $2, $3, order_key
       FROM unnest($4::bigint[], $5::text[]) AS new (event_id, order_key)
       ON CONFLICT (event_id, handler) DO UPDATE SET
         status = 'pending', attempts = 0, delivery = o.delivery + 1, reason = excluded.reason,
         replay_id = excluded.replay_id, order_key = excluded.order_key, next_attempt_at = NULL,
         discard_reason = NULL, updated_at = now()
       RETURNING event_id, delivery, order_key`,
      [
        handler.name,
        reason,
        replayId,
        rowIds,
        sorted.map(({ event }) => (ordered ? orderKeyOf(event, ordered) : null)),
      ],
    );
    if (handler.kind === 'listener') {
      await manager.query(
        `UPDATE ${this.#inbox} SET status = 'dispatched', listeners = array_append(coalesce(listeners, '{}'), $1)
         WHERE id = ANY ($2::bigint[]) AND NOT $1 = ANY (coalesce(listeners, '{}'))`,
        [handler.name, rowIds],
      );
    }
    await this.#insert(
      handler,
      rows.map(({ event_id, delivery, order_key }) => this.#job(event_id, delivery, order_key)),
      manager,
    );
    await this.notifications.deliveries([handler.name], manager);
  }

  /** In the order of storing; keeps retention from removing them before the new delivery is there to be seen. */
  async #keep(events: readonly StoredEvent[], manager: EntityManager): Promise<StoredEvent[]> {
    const rows: { id: string }[] = await manager.query(
      `SELECT id FROM ${this.#inbox} WHERE id = ANY ($1::bigint[]) AND body IS NOT NULL ORDER BY id FOR KEY SHARE`,
      [events.map(({ rowId }) => rowId)],
    );
    const byRowId = new Map(events.map((event) => [event.rowId, event]));
    return rows.flatMap(({ id }) => byRowId.get(id) ?? []);
  }

  #job(eventId: string, delivery: number, orderKey: string | null): JobInsert<DeliveryJob> {
    return deliveryJob({
      eventId,
      ...(delivery > 0 && { delivery }),
      ...(orderKey !== null && { orderKey }),
    });
  }

  async #insert(handler: Handler, jobs: JobInsert<DeliveryJob>[], manager: EntityManager): Promise<void> {
    await this.jobs.boss.insert(handler.queue, jobs, { db: this.jobs.within(manager) });
  }
}
