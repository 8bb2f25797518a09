import { Injectable } from '@nestjs/common';
import type { JobInsert } from 'pg-boss';
import type { EntityManager } from 'typeorm';
import { PostackDatabase } from '../../database/postack-database.js';
import { InboxEventEntity } from '../../inbox/inbox-event.entity.js';
import { Notifications } from '../../jobs/notifications.js';
import { PgBossService } from '../../jobs/pg-boss.service.js';
import type { Handler } from '../../listeners/handler.js';
import type { DeliveryReason } from '../../listeners/listener-context.js';
import { orderKeyOf } from '../../listeners/order-key.js';
import { HandlerOutcomeEntity } from '../outcomes/handler-outcome.entity.js';
import type { StoredEvent } from '../stored-events.js';
import { deliveryJob, type DeliveryJob } from './delivery-job.js';

/** Enqueues events for a handler's worker, in the caller's transaction. */
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

  /** Enqueues the initial delivery of events. The caller marks them as dispatched and wakes the handler's workers. */
  async enqueue(handler: Handler, events: readonly StoredEvent[], manager: EntityManager): Promise<void> {
    const { ordered } = handler.settings;
    const jobs = events.map(({ rowId, event }) => jobFor(rowId, 0, ordered && orderKeyOf(event, ordered)));
    if (ordered) {
      // The worker picks the first event of a group by these outcomes.
      await manager.query(
        `INSERT INTO ${this.#outcome} (event_id, handler, status, attempts, order_key)
         SELECT event_id, $1, 'pending', 0, order_key FROM unnest($2::bigint[], $3::text[]) AS new (event_id, order_key)
         ON CONFLICT (event_id, handler) DO NOTHING`,
        [handler.name, events.map(({ rowId }) => rowId), jobs.map(({ singletonKey }) => singletonKey)],
      );
    }
    await this.#insert(handler, jobs, manager);
  }

  /** Enqueues a new delivery of events, and wakes the handler's workers at the commit: see `Redelivery.redeliver`. */
  async redeliver(
    handler: Handler,
    events: readonly StoredEvent[],
    reason: Exclude<DeliveryReason, 'initial'>,
    replayId: string | null,
    manager: EntityManager,
  ): Promise<void> {
    if (events.length === 0) return;
    const { ordered } = handler.settings;
    const locked = await this.#lock(events, manager);
    const rowIds = locked.map(({ rowId }) => rowId);
    const orderKeys = locked.map(({ event }) => (ordered ? orderKeyOf(event, ordered) : null));
    const rows: { event_id: string; delivery: number; order_key: string | null }[] = await manager.query(
      BEGIN_REDELIVERY(this.#outcome),
      [handler.name, reason, replayId, rowIds, orderKeys],
    );
    if (handler.kind === 'listener') {
      // A backfilled listener was not among those that the events were dispatched to.
      await manager.query(
        `UPDATE ${this.#inbox} SET status = 'dispatched', listeners = array_append(coalesce(listeners, '{}'), $1)
         WHERE id = ANY ($2::bigint[]) AND NOT $1 = ANY (coalesce(listeners, '{}'))`,
        [handler.name, rowIds],
      );
    }
    const jobs = rows.map(({ event_id, delivery, order_key }) => jobFor(event_id, delivery, order_key));
    await this.#insert(handler, jobs, manager);
    await this.notifications.deliveries([handler.name], manager);
  }

  /** Keeps retention from removing events before their new delivery is visible. Resolves to them, oldest first. */
  async #lock(events: readonly StoredEvent[], manager: EntityManager): Promise<StoredEvent[]> {
    const rows: { id: string }[] = await manager.query(
      `SELECT id FROM ${this.#inbox} WHERE id = ANY ($1::bigint[]) AND body IS NOT NULL ORDER BY id FOR KEY SHARE`,
      [events.map(({ rowId }) => rowId)],
    );
    const byRowId = new Map(events.map((event) => [event.rowId, event]));
    return rows.flatMap(({ id }) => byRowId.get(id) ?? []);
  }

  async #insert(handler: Handler, jobs: JobInsert<DeliveryJob>[], manager: EntityManager): Promise<void> {
    await this.jobs.boss.insert(handler.queue, jobs, { db: this.jobs.within(manager) });
  }
}

function jobFor(eventId: string, delivery: number, orderKey: string | null): JobInsert<DeliveryJob> {
  return deliveryJob({
    eventId,
    ...(delivery > 0 && { delivery }),
    ...(orderKey !== null && { orderKey }),
  });
}

const BEGIN_REDELIVERY = (outcome: string) => `
  INSERT INTO ${outcome} AS o (event_id, handler, status, attempts, delivery, reason, replay_id, order_key)
  SELECT event_id, $1, 'pending', 0, 1, $2, $3, order_key
  FROM unnest($4::bigint[], $5::text[]) AS new (event_id, order_key)
  ON CONFLICT (event_id, handler) DO UPDATE SET
    status = 'pending', attempts = 0, delivery = o.delivery + 1, reason = excluded.reason,
    replay_id = excluded.replay_id, order_key = excluded.order_key, next_attempt_at = NULL,
    discard_reason = NULL, updated_at = now()
  RETURNING event_id, delivery, order_key`;
