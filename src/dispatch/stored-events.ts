import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PostackDatabase } from '../database/postack-database.js';
import { idleTimeout, setIdleTimeout } from '../database/transaction-with-timeout.js';
import { EventParser } from '../events/event-parser.js';
import type { AnyPostackEvent } from '../events/event-types.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import type { DeliveryReason } from '../listeners/listener-context.js';
import { HandlerOutcomeEntity, type OutcomeStatus } from './outcomes/handler-outcome.entity.js';

/** A stored event with its place in the inbox. */
export interface StoredEvent {
  /** `InboxEventEntity.id`. */
  rowId: string;
  wireType: string;
  event: AnyPostackEvent;
}

/** The progress of a handler with an event. */
export interface HandlerProgress {
  /** `null` while nothing is recorded: a first delivery before its first call. */
  status: OutcomeStatus | null;
  attempts: number;
  delivery: number;
  reason: DeliveryReason;
  replayId: string | null;
  nextAttemptAt: Date | null;
  orderKey: string | null;
}

/** A stored event with the progress of one handler. */
export interface HandlerEvent extends StoredEvent {
  progress: HandlerProgress;
}

interface EventRow {
  id: string;
  endpoint: string;
  svix_id: string;
  type: string;
  occurred_at: Date;
  received_at: Date;
  body: Buffer;
}

interface ProgressRow {
  outcome: OutcomeStatus | null;
  attempts: number | null;
  delivery: number | null;
  reason: DeliveryReason | null;
  replay_id: string | null;
  next_attempt_at: Date | null;
  order_key: string | null;
}

/** Reads events from the inbox and parses them. */
@Injectable()
export class StoredEvents {
  readonly #inbox: string;
  readonly #outcome: string;

  constructor(
    private readonly database: PostackDatabase,
    private readonly parser: EventParser,
  ) {
    this.#inbox = database.table(InboxEventEntity);
    this.#outcome = database.table(HandlerOutcomeEntity);
  }

  /**
   * Locks the oldest undispatched events that no other process has locked, until the transaction ends.
   *
   * @param afterRowId Skips events up to this one. Without it PostgreSQL has to step over the dead index entries of all
   *   events dispatched since the last vacuum.
   * @param timeoutMs Of the transaction.
   */
  async claim(
    manager: EntityManager,
    limit: number,
    afterRowId: bigint,
    timeoutMs: number,
  ): Promise<StoredEvent[]> {
    const rows: EventRow[] = await manager.query(
      `SELECT ${EVENT_COLUMNS}, (SELECT ${setIdleTimeout('$3')}) FROM ${this.#inbox} e
       WHERE e.status = 'pending' AND e.id > $2 ORDER BY e.id LIMIT $1 FOR UPDATE SKIP LOCKED`,
      [limit, String(afterRowId), idleTimeout(timeoutMs)],
    );
    return rows.map((row) => this.#stored(row));
  }

  /** Events by their `rowId`, oldest first. Events whose body has been removed are left out. */
  async load(rowIds: readonly string[], manager = this.database.manager): Promise<StoredEvent[]> {
    const rows: EventRow[] = await manager.query(
      `SELECT ${EVENT_COLUMNS} FROM ${this.#inbox} e
       WHERE e.id = ANY ($1::bigint[]) AND e.body IS NOT NULL ORDER BY e.id`,
      [rowIds],
    );
    return rows.map((row) => this.#stored(row));
  }

  /** Events by their `rowId`, with the progress of a handler. Events whose body has been removed are left out. */
  async loadFor(handler: string, rowIds: readonly string[]): Promise<HandlerEvent[]> {
    // LIMIT keeps the planner from joining whole tables, which it tends to do before their first ANALYZE.
    const rows: (EventRow & ProgressRow)[] = await this.database.query(
      `SELECT ${EVENT_COLUMNS}, ${PROGRESS_COLUMNS}
       FROM unnest($1::bigint[]) AS wanted (id)
       CROSS JOIN LATERAL (SELECT * FROM ${this.#inbox} WHERE id = wanted.id AND body IS NOT NULL LIMIT 1) e
       LEFT JOIN LATERAL (SELECT * FROM ${this.#outcome} WHERE event_id = wanted.id AND handler = $2 LIMIT 1) o ON true`,
      [rowIds, handler],
    );
    return rows.map((row) => this.#handlerEvent(row));
  }

  /** The next event of each message group of an ordered handler: the first by time of occurrence. */
  async loadGroupHeads(handler: string, orderKeys: readonly string[]): Promise<HandlerEvent[]> {
    const rows: (EventRow & ProgressRow)[] = await this.database.query(
      `SELECT DISTINCT ON (o.order_key) ${EVENT_COLUMNS}, ${PROGRESS_COLUMNS}
       FROM ${this.#outcome} o JOIN ${this.#inbox} e ON e.id = o.event_id
       WHERE o.handler = $1 AND o.order_key = ANY ($2::text[]) AND o.status IN ('pending', 'retrying')
         AND e.body IS NOT NULL
       ORDER BY o.order_key, e.occurred_at, e.id`,
      [handler, orderKeys],
    );
    return rows.map((row) => this.#handlerEvent(row));
  }

  #handlerEvent(row: EventRow & ProgressRow): HandlerEvent {
    return { ...this.#stored(row), progress: progressOf(row) };
  }

  #stored(row: EventRow): StoredEvent {
    const envelope = {
      id: row.svix_id,
      endpoint: row.endpoint,
      wireType: row.type,
      occurredAt: row.occurred_at,
      receivedAt: row.received_at,
    };
    return { rowId: row.id, wireType: row.type, event: this.parser.parse(envelope, row.body) };
  }
}

const EVENT_COLUMNS = 'e.id, e.endpoint, e.svix_id, e.type, e.occurred_at, e.received_at, e.body';

const PROGRESS_COLUMNS =
  'o.status AS outcome, o.attempts, o.delivery, o.reason, o.replay_id, o.next_attempt_at, o.order_key';

function progressOf(row: ProgressRow): HandlerProgress {
  return {
    status: row.outcome,
    attempts: row.attempts ?? 0,
    delivery: row.delivery ?? 0,
    reason: row.reason ?? 'initial',
    replayId: row.replay_id,
    nextAttemptAt: row.next_attempt_at,
    orderKey: row.order_key,
  };
}
