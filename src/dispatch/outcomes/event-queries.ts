import { Injectable } from '@nestjs/common';
import type { SelectQueryBuilder } from 'typeorm';
import type { JsonValue } from '../../events/json.js';
import type { DeliveryReason } from '../../listeners/listener-context.js';
import { hasSvixId } from '../../inbox/svix-id-lookup.js';
import { InboxEventEntity } from '../../inbox/inbox-event.entity.js';
import { keysetPage, type Page, type PageRequest } from '../../database/keyset-page.js';
import { PostackDatabase } from '../../database/postack-database.js';
import { DeliveryEntity, type DeliveryStatus } from './delivery.entity.js';
import type { RecordedError } from './recorded-error.js';
import { eventStatusSql, type EventStatus } from './event-status.js';
import { storedPayload } from './stored-payload.js';

/** An event in a list. */
export interface EventSummary {
  /** The `svix-id`. */
  id: string;
  /** The type as Postack wrote it; `null` when quarantined. */
  type: string | null;
  status: EventStatus;
  occurredAt: Date;
  receivedAt: Date;
}

/** The status of an event for one listener or projection. */
export interface ListenerReport {
  name: string;
  /** `pending` until the first call. */
  status: DeliveryStatus;
  attempts: number;
  /** Why the last delivery was made: `initial`, `redrive`, `replay` or `backfill`. */
  reason: DeliveryReason;
  firstError: RecordedError | null;
  lastError: RecordedError | null;
  /** `null` unless the status is `retrying`. */
  nextAttemptAt: Date | null;
}

/** An event with its payload and the status of each listener and projection. */
export interface EventDetail extends EventSummary {
  endpoint: string;
  /** The parsed body; its text when it is not a JSON object; `null` once retention has removed it. */
  payload: JsonValue;
  /** Whether retention has removed the body, so that the event can no longer be replayed. */
  isBodyRemoved: boolean;
  quarantineReason: string | null;
  /** As given by the operator who discarded the event. */
  discardReason: string | null;
  /** First 8 hex digits of the SHA-256 of the key of the secret that signed it. */
  secretFingerprint: string;
  clockSkewMs: number;
  dispatchedAt: Date | null;
  projections: ListenerReport[];
  listeners: ListenerReport[];
}

/** Which events to list. */
export interface EventFilter extends PageRequest {
  type?: string;
  status?: EventStatus;
  /** Received at or after. */
  since?: Date;
  /** Only events of the endpoint of this name. Default: of all. */
  endpoint?: string;
}

type EventRow = InboxEventEntity & { computedStatus: EventStatus };

/** Lists and finds stored events with their status. */
@Injectable()
export class EventQueries {
  constructor(private readonly database: PostackDatabase) {}

  /** Newest first. @throws {InvalidCursorError} */
  async list({ type, status, since, endpoint, ...page }: EventFilter = {}): Promise<Page<EventSummary>> {
    const query = this.#query(this.database.forLongStatements);
    if (endpoint !== undefined) query.andWhere('event.endpoint = :endpoint', { endpoint });
    if (type !== undefined) query.andWhere('event.type = :type', { type });
    if (since) query.andWhere('event.receivedAt >= :since', { since });
    if (status !== undefined) query.andWhere(`${this.#statusSql()} = :status`, { status });
    const { items, nextCursor } = await keysetPage<InboxEventEntity, EventRow>(
      query,
      [{ column: 'event.id', type: 'bigint', of: ({ id }) => id }],
      page,
      (all) => this.#rows(all),
    );
    return { items: items.map(summaryOf), nextCursor };
  }

  /** One event by its `svix-id`, the latest if several endpoints have received one; `null` when there is none. */
  async find(id: string): Promise<EventDetail | null> {
    const query = this.#query(this.database)
      .addSelect('event.body')
      .where(hasSvixId(this.database.table(InboxEventEntity), 'event', ':id'), { id })
      .orderBy('event.id', 'DESC')
      .limit(1);
    const [row] = await this.#rows(query);
    if (!row) return null;
    const deliveries = await this.database
      .repository(DeliveryEntity)
      .find({ where: { eventId: row.id }, order: { handler: 'ASC' } });
    const projections = row.projections ?? [];
    const deliveryTo = new Map(deliveries.map((delivery) => [delivery.handler, delivery]));
    return {
      ...summaryOf(row),
      endpoint: row.endpoint,
      payload: row.body && storedPayload(row.body),
      isBodyRemoved: row.body === null,
      quarantineReason: row.quarantineReason,
      discardReason: row.discardReason,
      secretFingerprint: row.secretFingerprint,
      clockSkewMs: row.clockSkewMs,
      dispatchedAt: row.dispatchedAt,
      // A projection has a delivery only of events that its batch did not handle.
      projections: projections.map((name) => {
        const delivery = deliveryTo.get(name);
        return delivery ? reportOf(delivery) : { ...DONE, name };
      }),
      listeners: deliveries.filter(({ handler }) => !projections.includes(handler)).map(reportOf),
    };
  }

  #query(database: PostackDatabase): SelectQueryBuilder<InboxEventEntity> {
    return database
      .repository(InboxEventEntity)
      .createQueryBuilder('event')
      .select(SUMMARY_COLUMNS.map((column) => `event.${column}`))
      .addSelect(this.#statusSql(), 'computed_status');
  }

  async #rows(query: SelectQueryBuilder<InboxEventEntity>): Promise<EventRow[]> {
    const { entities, raw } = await query.getRawAndEntities<{ computed_status: EventStatus }>();
    return entities.map((entity, index) =>
      Object.assign(entity, { computedStatus: raw[index]?.computed_status ?? 'pending' }),
    );
  }

  #statusSql(): string {
    return eventStatusSql(this.database, 'event');
  }
}

const SUMMARY_COLUMNS = [
  'id',
  'endpoint',
  'svixId',
  'type',
  'status',
  'occurredAt',
  'receivedAt',
  'secretFingerprint',
  'clockSkewMs',
  'quarantineReason',
  'discardReason',
  'dispatchedAt',
  'projections',
] as const;

function summaryOf(row: EventRow): EventSummary {
  const { svixId: id, type, computedStatus: status, occurredAt, receivedAt } = row;
  return { id, type, status, occurredAt, receivedAt };
}

/** Of a projection that has handled an event in its batch. */
const DONE = {
  status: 'done',
  attempts: 1,
  reason: 'initial',
  firstError: null,
  lastError: null,
  nextAttemptAt: null,
} as const;

function reportOf(delivery: DeliveryEntity): ListenerReport {
  const { handler: name, status, attempts, reason, firstError, lastError, runAt } = delivery;
  return {
    name,
    status,
    attempts,
    reason,
    firstError,
    lastError,
    nextAttemptAt: status === 'retrying' ? runAt : null,
  };
}
