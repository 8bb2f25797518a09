import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../database/run-sql.js';
import { PostackDatabase } from '../database/postack-database.js';
import type { AnyPostackEvent } from '../events/event-types.js';
import { EventMappings } from '../inbox/event-mappings.js';
import { InboxEventEntity, type InboxStatus } from '../inbox/inbox-event.entity.js';
import { subscriptionCovers } from '../listeners/handler-metadata.js';
import { type Subscriber, Subscriptions } from '../listeners/subscriptions.js';
import { BatchObservers } from './batch-observers.js';
import type { ReinterpretedEvent } from './changed-readings.js';
import { Ledger } from './deliveries/ledger.js';
import { DeliveryEntity } from './outcomes/delivery.entity.js';
import { dispatchedStatus } from './outcomes/event-status.js';
import { ProjectionRunner, type RereadEvent } from './projection-runner.js';
import { Redelivery } from './redelivery.js';
import type { StoredEvent } from './stored-events.js';

/**
 * Processes events again that are read otherwise now. Projections take back what they wrote for the former reading, and
 * write what follows from the new one: afterwards their tables are as if the mapping had always been this one.
 */
@Injectable()
export class Reinterpretation {
  readonly #inbox: string;
  readonly #delivery: string;

  constructor(
    database: PostackDatabase,
    private readonly mappings: EventMappings,
    private readonly subscriptions: Subscriptions,
    private readonly observers: BatchObservers,
    private readonly projections: ProjectionRunner,
    private readonly ledger: Ledger,
    private readonly redelivery: Redelivery,
  ) {
    this.#inbox = database.table(InboxEventEntity);
    this.#delivery = database.table(DeliveryEntity);
  }

  /**
   * Runs the projections that take part on events that are read otherwise now, in the transaction of `manager`, which has
   * locked them. All of `rowIds` count as read with the mapping of now afterwards.
   *
   * @param replayId The replay that it belongs to, if any.
   */
  async apply(
    rowIds: readonly string[],
    changed: readonly ReinterpretedEvent[],
    replayId: string | null,
    manager: EntityManager,
  ): Promise<void> {
    const projections = this.subscriptions.all.filter(
      ({ kind, reinterprets }) => kind === 'projection' && reinterprets,
    );
    // Before any other row is locked: a delivery that is running now holds its own.
    await this.#closeDeliveries(changed, projections, manager);
    for (const projection of projections) {
      const part = changed
        .map((event) => partOf(event, projection))
        .filter(({ before, now }) => before ?? now);
      if (part.length > 0) await this.#project(projection, part, replayId, manager);
    }
    await this.observers.notify(
      changed.flatMap(({ before, now }) => now?.event ?? before ?? []),
      manager,
    );
    await this.#mark(rowIds, changed, projections, manager);
  }

  async #project(
    subscriber: Subscriber,
    part: readonly RereadEvent[],
    replayId: string | null,
    manager: EntityManager,
  ): Promise<void> {
    const { handler } = subscriber;
    if (!handler) {
      // Only other processes have it: it gets the new readings there, one by one.
      const events = part.flatMap(({ now }) => now ?? []);
      await this.redelivery.redeliver(subscriber, events, 'reinterpret', replayId, manager);
      return;
    }
    const poisoned = await this.projections.runAgain(handler, part, manager);
    if (poisoned.length > 0) await this.ledger.setAside(handler, poisoned, manager);
  }

  /**
   * Deliveries to projections that are about to run are done by that. Those to handlers that do not subscribe to what the
   * event is now have lost their meaning.
   */
  async #closeDeliveries(
    changed: readonly ReinterpretedEvent[],
    projections: readonly Subscriber[],
    manager: EntityManager,
  ): Promise<void> {
    const running = projections.filter(({ handler }) => handler).map(({ name }) => name);
    const handlersOf = ({ now }: ReinterpretedEvent): string[] => {
      const { projections: some = [], listeners = [] } = now ? this.subscriptions.routeOf(now.event) : {};
      return [...some, ...listeners].map(({ name }) => name);
    };
    await runSql(
      manager,
      `UPDATE ${this.#delivery} d SET
         status = CASE WHEN d.handler = ANY ($3::text[]) THEN 'done' ELSE 'discarded' END,
         discard_reason = CASE WHEN d.handler = ANY ($3::text[]) THEN NULL
           ELSE 'The event is read otherwise now: the handler does not subscribe to it' END,
         generation = d.generation + 1, worker = NULL, suspicion = 0, run_at = NULL, updated_at = now()
       FROM unnest($1::bigint[], $2::text[]) AS new (event_id, handlers)
       WHERE d.event_id = new.event_id AND d.status NOT IN ('done', 'discarded')
         AND (d.handler = ANY ($3::text[]) OR d.handler <> ALL (string_to_array(new.handlers, ',')))`,
      [changed.map(({ rowId }) => rowId), changed.map((event) => handlersOf(event).join(',')), running],
    );
  }

  async #mark(
    rowIds: readonly string[],
    changed: readonly ReinterpretedEvent[],
    taking: readonly Subscriber[],
    manager: EntityManager,
  ): Promise<void> {
    const mappingId = await this.mappings.current();
    await runSql(
      manager,
      `UPDATE ${this.#inbox} SET mapping_id = $2
       WHERE id = ANY ($1::bigint[]) AND status <> 'pending' AND mapping_id IS DISTINCT FROM $2`,
      [rowIds, mappingId],
    );
    const names = new Set(taking.map(({ name }) => name));
    await runSql(
      manager,
      `UPDATE ${this.#inbox} e SET status = new.status, type = new.type, kind = new.kind,
         occurred_at = coalesce(new.occurred_at, e.occurred_at), quarantine_reason = new.quarantine_reason,
         projections = string_to_array(new.projections, ','), discard_reason = NULL,
         dispatched_at = CASE WHEN new.status <> 'quarantined' THEN coalesce(e.dispatched_at, clock_timestamp()) END
       FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[])
         AS new (id, status, type, kind, occurred_at, quarantine_reason, projections)
       WHERE e.id = new.id`,
      [
        changed.map(({ rowId }) => rowId),
        changed.map(({ now }) => this.#statusOf(now)),
        changed.map(({ now }) => now?.wireType ?? null),
        changed.map(({ now }) => now?.event.type ?? null),
        changed.map(({ now }) => now?.event.occurredAt.toISOString() ?? null),
        changed.map(({ quarantineReason }) => quarantineReason),
        changed.map(({ now, projections }) =>
          (now ? this.subscriptions.routeOf(now.event).projections : [])
            .map(({ name }) => name)
            .filter((name) => names.has(name) || projections.includes(name))
            .join(','),
        ),
      ],
    );
  }

  #statusOf(now: StoredEvent | null): InboxStatus {
    return now ? dispatchedStatus(now.event, this.subscriptions.routeOf(now.event)) : 'quarantined';
  }
}

/** As far as a projection subscribes to it. */
function partOf({ before, now }: ReinterpretedEvent, { types }: Subscriber): RereadEvent {
  const covers = (event: AnyPostackEvent) => types.some((type) => subscriptionCovers(type, event));
  return { before: before && covers(before) ? before : null, now: now && covers(now.event) ? now : null };
}
