import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { EventParser } from '../events/event-parser.js';
import type { AnyPostackEvent } from '../events/event-types.js';
import type { DeliveryReason } from '../listeners/listener-context.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { PostackDatabase } from '../database/postack-database.js';
import { idleTimeout, setIdleTimeout } from '../database/transaction-with-timeout.js';
import { HandlerOutcomeEntity, type OutcomeStatus } from './outcomes/handler-outcome.entity.js';

/** A stored event with its place in the inbox. */
export interface StoredEvent {
  /** `InboxEventEntity.id`. */
  rowId: string;
  wireType: string;
  event: AnyPostackEvent;
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

/** How far a handler has got with an event. */
export interface HandlerProgress {
  /** `null` as long as nothing is recorded: a first delivery, not called yet. */
  status: OutcomeStatus | null;
  attempts: number;
  delivery: number;
  reason: DeliveryReason;
  replayId: string | null;
  nextAttemptAt: Date | null;
  orderKey: string | null;
}

/** A stored event as one handler's worker sees it. */
export interface HandlerEvent extends StoredEvent {
  progress: HandlerProgress;
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

const PROGRESS_COLUMNS =
  'o.status AS outcome, o.attempts, o.delivery, o.reason, o.replay_id, o.next_attempt_at, o.order_key';

function progressOf(row: ProgressRow): { progress: HandlerProgress } {
  return {
    progress: {
      status: row.outcome,
      attempts: row.attempts ?? 0,
      delivery: row.delivery ?? 0,
      reason: row.reason ?? 'initial',
      replayId: row.replay_id,
      nextAttemptAt: row.next_attempt_at,
      orderKey: row.order_key,
    },
  };
}

const COLUMNS = 'e.id, e.endpoint, e.svix_id, e.type, e.occurred_at, e.received_at, e.body';

/** Reads events out of the inbox and turns them into typed ones. */
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
   * @param afterRowId Leaves out events up to this one. PostgreSQL has to step over the remains of every event
   *   dispatched since the last vacuum, unless it is told where to begin.
   * @param timeoutMs Of the transaction.
   */
  async claim(
    manager: EntityManager,
    limit: number,
    afterRowId: bigint,
    timeoutMs: number,
  ): Promise<StoredEvent[]> {
    const rows: EventRow[] = await manager.query(
      `SELECT ${COLUMNS}, (SELECT ${setIdleTimeout('$3')}) FROM ${this.#inbox} e
       WHERE e.status = 'pending' AND e.id > $2 ORDER BY e.id LIMIT $1 FOR UPDATE SKIP LOCKED`,
      [limit, String(afterRowId), idleTimeout(timeoutMs)],
    );
    return rows.map((row) => this.#typed(row));
  }

  /** Events by their `rowId`, oldest first; those whose body is gone are left out. */
  async load(rowIds: readonly string[], manager = this.database.manager): Promise<StoredEvent[]> {
    const rows: EventRow[] = await manager.query(
      `SELECT ${COLUMNS} FROM ${this.#inbox} e WHERE e.id = ANY ($1::bigint[]) AND e.body IS NOT NULL ORDER BY e.id`,
      [rowIds],
    );
    return rows.map((row) => this.#typed(row));
  }

  /** Events by their `rowId`, each with how far one handler has got with it. */
  async loadFor(handler: string, rowIds: readonly string[]): Promise<HandlerEvent[]> {
    // LIMIT keeps the planner from joining whole tables, which it likes to do before their first ANALYZE.
    const rows: (EventRow & ProgressRow)[] = await this.database.query(
      `SELECT ${COLUMNS}, ${PROGRESS_COLUMNS}
       FROM unnest($1::bigint[]) AS wanted (id)
       CROSS JOIN LATERAL (SELECT * FROM ${this.#inbox} WHERE id = wanted.id AND body IS NOT NULL LIMIT 1) e
       LEFT JOIN LATERAL (SELECT * FROM ${this.#outcome} WHERE event_id = wanted.id AND handler = $2 LIMIT 1) o ON true`,
      [rowIds, handler],
    );
    return rows.map((row) => ({ ...this.#typed(row), ...progressOf(row) }));
  }

  /** Of each line of an ordered handler the event that is next: the first in the order of occurrence. */
  async loadNext(handler: string, orderKeys: readonly string[]): Promise<HandlerEvent[]> {
    const rows: (EventRow & ProgressRow)[] = await this.database.query(
      `SELECT DISTINCT ON (o.order_key) ${COLUMNS}, ${PROGRESS_COLUMNS}
       FROM ${this.#outcome} o JOIN ${this.#inbox} e ON e.id = o.event_id
       WHERE o.handler = $1 AND o.order_key = ANY ($2::text[]) AND o.status IN ('pending', 'retrying')
         AND e.body IS NOT NULL
       ORDER BY o.order_key, e.occurred_at, e.id`,
      [handler, orderKeys],
    );
    return rows.map((row) => ({ ...this.#typed(row), ...progressOf(row) }));
  }

  #typed(row: EventRow): StoredEvent {
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
