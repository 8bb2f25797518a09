import { Inject, Injectable } from '@nestjs/common';
import type { DataSource, SelectQueryBuilder } from 'typeorm';
import type { JsonValue } from '../../events/json.js';
import type { DeliveryReason } from '../../listeners/listener-context.js';
import { InboxEventEntity } from '../../inbox/inbox-event.entity.js';
import { decodeCursor, encodeCursor, InvalidCursorError, type Page } from '../../database/paging.js';
import { POSTACK_DATA_SOURCE } from '../../database/data-source.js';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../../postack.options.js';
import { HandlerOutcomeEntity, type OutcomeStatus } from './handler-outcome.entity.js';
import type { RecordedError } from './recorded-error.js';
import { eventStatusSql, type EventStatus } from './event-status.js';
import { storedPayload } from './stored-payload.js';

/** One event, in a list. */
export interface EventSummary {
  /** The `svix-id`. */
  id: string;
  /** The type as Postack wrote it; `null` when quarantined. */
  type: string | null;
  status: EventStatus;
  occurredAt: Date;
  receivedAt: Date;
}

/** How a listener fares with one event. */
export interface ListenerReport {
  name: string;
  /** `pending` until it was called for the first time. */
  status: OutcomeStatus;
  attempts: number;
  /** Why it was delivered, the last time: `first`, or `redrive`, `replay`, `backfill`. */
  reason: DeliveryReason;
  firstError: RecordedError | null;
  lastError: RecordedError | null;
  /** `null` unless it is failing. */
  nextAttemptAt: Date | null;
}

/** One event with everything that is known of it. */
export interface EventDetail extends EventSummary {
  endpoint: string;
  /** The body, parsed; when it is no JSON, its text; `null` once retention has removed it. */
  payload: JsonValue;
  /** Whether retention has removed the body: the event cannot be replayed. */
  isBodyRemoved: boolean;
  quarantineReason: string | null;
  /** First 8 hex digits of the SHA-256 of the secret's key. */
  secretFingerprint: string;
  clockSkewMs: number;
  dispatchedAt: Date | null;
  projections: ListenerReport[];
  listeners: ListenerReport[];
}

/** What to list. */
export interface EventFilter {
  type?: string;
  status?: EventStatus;
  /** Received at or after. */
  since?: Date;
  /** Page size. Default 50. */
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
}

type EventRow = InboxEventEntity & { computedStatus: EventStatus };

/** What came in and what became of it: for the admin API, and for yours. */
@Injectable()
export class EventQueries {
  constructor(
    @Inject(POSTACK_DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(POSTACK_OPTIONS) private readonly options: ResolvedPostackOptions,
  ) {}

  /** Newest first. @throws {InvalidCursorError} */
  async list({ type, status, since, limit = 50, cursor }: EventFilter = {}): Promise<Page<EventSummary>> {
    const query = this.#query()
      .orderBy('event.id', 'DESC')
      .limit(limit + 1);
    query.andWhere('event.endpoint = :endpoint', { endpoint: this.options.endpoint });
    if (type !== undefined) query.andWhere('event.type = :type', { type });
    if (since) query.andWhere('event.receivedAt >= :since', { since });
    if (cursor !== undefined) {
      const { id } = decodeCursor(cursor, ['id']);
      if (!/^\d{1,18}$/.test(id)) throw new InvalidCursorError();
      query.andWhere('event.id < :id', { id });
    }
    if (status !== undefined) query.andWhere(`${this.#statusSql()} = :status`, { status });
    const rows = await this.#rows(query);
    const items = rows.slice(0, limit);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return { items: items.map(summaryOf), nextCursor: last ? encodeCursor({ id: last.id }) : null };
  }

  /** One event by its `svix-id`; `null` when there is none. */
  async find(id: string): Promise<EventDetail | null> {
    const query = this.#query()
      .addSelect('event.body')
      .where('event.endpoint = :endpoint AND event.svixId = :id', { endpoint: this.options.endpoint, id });
    const [row] = await this.#rows(query);
    if (!row) return null;
    const outcomes = await this.dataSource.getRepository(HandlerOutcomeEntity).findBy({ eventId: row.id });
    const byHandler = new Map(outcomes.map((outcome) => [outcome.handler, outcome]));
    const report = (names: string[] | null, unrecorded: ListenerReport['status']) =>
      (names ?? []).map((name) => reportOf(name, byHandler.get(name), unrecorded));
    return {
      ...summaryOf(row),
      endpoint: row.endpoint,
      payload: row.body && storedPayload(row.body),
      isBodyRemoved: row.body === null,
      quarantineReason: row.quarantineReason,
      secretFingerprint: row.secretFingerprint,
      clockSkewMs: row.clockSkewMs,
      dispatchedAt: row.dispatchedAt,
      // A projection leaves an outcome only when it had to set the event aside.
      projections: report(row.projections, 'done'),
      listeners: report(row.listeners, 'pending'),
    };
  }

  #query(): SelectQueryBuilder<InboxEventEntity> {
    return this.dataSource
      .getRepository(InboxEventEntity)
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
    return eventStatusSql(this.dataSource, 'event');
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
  'dispatchedAt',
  'projections',
  'listeners',
] as const;

function summaryOf(row: EventRow): EventSummary {
  const { svixId: id, type, computedStatus: status, occurredAt, receivedAt } = row;
  return { id, type, status, occurredAt, receivedAt };
}

function reportOf(
  name: string,
  outcome: HandlerOutcomeEntity | undefined,
  unrecorded: ListenerReport['status'],
): ListenerReport {
  return {
    name,
    status: outcome?.status ?? unrecorded,
    attempts: outcome?.attempts ?? (unrecorded === 'done' ? 1 : 0),
    reason: outcome?.reason ?? 'initial',
    firstError: outcome?.firstError ?? null,
    lastError: outcome?.lastError ?? null,
    nextAttemptAt: outcome?.nextAttemptAt ?? null,
  };
}
