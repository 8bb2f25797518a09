import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../database/run-sql.js';
import { PostackDatabase } from '../database/postack-database.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { Notifications } from '../jobs/notifications.js';
import type { DeliveryReason } from '../listeners/listener-context.js';
import { orderKeyOf } from '../listeners/order-key.js';
import { DeliveryEntity } from './outcomes/delivery.entity.js';
import type { StoredEvent } from './stored-events.js';
import type { Subscriber } from '../listeners/subscriptions.js';

/** Delivers events again to one handler: for redrive, replay and backfill. */
@Injectable()
export class Redelivery {
  readonly #delivery: string;
  readonly #inbox: string;

  constructor(
    database: PostackDatabase,
    private readonly notifications: Notifications,
  ) {
    this.#delivery = database.table(DeliveryEntity);
    this.#inbox = database.table(InboxEventEntity);
  }

  /**
   * Starts a new delivery of each event, with all its attempts, when the transaction commits. The outcome of a call that
   * is running for the previous delivery has no effect. Events whose payload has been removed are left out.
   *
   * @param replayId The replay that the delivery belongs to; `null` for an event that was chosen individually.
   */
  async redeliver(
    { name, ordered }: Pick<Subscriber, 'name' | 'ordered'>,
    events: readonly StoredEvent[],
    reason: Exclude<DeliveryReason, 'initial'>,
    replayId: string | null,
    manager: EntityManager,
  ): Promise<void> {
    if (events.length === 0) return;
    const locked = await this.#lock(events, manager);
    // It has a subscriber now.
    await runSql(
      manager,
      `UPDATE ${this.#inbox} SET status = 'dispatched' WHERE id = ANY ($1::bigint[]) AND status = 'unhandled'`,
      [locked.map(({ rowId }) => rowId)],
    );
    await runSql(manager, REDELIVER(this.#delivery), [
      name,
      reason,
      replayId,
      locked.map(({ rowId }) => rowId),
      locked.map(({ event }) => (ordered ? orderKeyOf(event, ordered) : null)),
      locked.map(({ event }) => (ordered ? event.occurredAt.toISOString() : null)),
    ]);
    await this.notifications.deliveries([name], manager);
  }

  /** Keeps retention from removing events before their new delivery is visible. Resolves to them, oldest first. */
  async #lock(events: readonly StoredEvent[], manager: EntityManager): Promise<StoredEvent[]> {
    const rows: { id: string }[] = await runSql(
      manager,
      `SELECT id FROM ${this.#inbox} WHERE id = ANY ($1::bigint[]) AND body IS NOT NULL ORDER BY id FOR KEY SHARE`,
      [events.map(({ rowId }) => rowId)],
    );
    const byRowId = new Map(events.map((event) => [event.rowId, event]));
    return rows.flatMap(({ id }) => byRowId.get(id) ?? []);
  }
}

const REDELIVER = (delivery: string) => `
  INSERT INTO ${delivery} AS d
    (event_id, handler, status, attempts, generation, reason, replay_id, run_at, order_key, occurred_at)
  SELECT event_id, $1, 'pending', 0, 1, $2, $3, now(), order_key, occurred_at
  FROM unnest($4::bigint[], $5::text[], $6::timestamptz[]) AS new (event_id, order_key, occurred_at)
  ON CONFLICT (event_id, handler) DO UPDATE SET
    status = 'pending', attempts = 0, interruptions = 0, crashes = 0, suspicion = 0, worker = NULL, generation = d.generation + 1,
    reason = excluded.reason, replay_id = excluded.replay_id, run_at = now(), order_key = excluded.order_key,
    occurred_at = excluded.occurred_at, discard_reason = NULL, updated_at = now()`;
