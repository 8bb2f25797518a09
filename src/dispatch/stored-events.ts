import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PostackDatabase } from '../database/postack-database.js';
import { runPreparedSql, runSql } from '../database/run-sql.js';
import { setIdleTimeout } from '../database/transaction-with-timeout.js';
import { EventParser } from '../events/event-parser.js';
import type { AnyPostackEvent } from '../events/event-types.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { SubscriptionEntity } from '../listeners/subscription.entity.js';
import { subscriptionsVersion } from '../listeners/subscriptions-version.js';

/** A stored event with its place in the inbox. */
export interface StoredEvent {
  /** `InboxEventEntity.id`. */
  rowId: string;
  wireType: string;
  event: AnyPostackEvent;
  /** The span of the request that brought it. */
  traceParent: string | null;
}

/** The columns of an event. */
export interface EventRow {
  id: string;
  endpoint: string;
  svix_id: string;
  type: string;
  occurred_at: Date;
  received_at: Date;
  body: Buffer;
  trace_parent: string | null;
}

/** Events to dispatch. */
export interface ClaimedEvents {
  events: StoredEvent[];
  /** `subscriptionsVersion` at the time of the claim. */
  subscriptions: string;
}

/**
 * PostgreSQL rolls back the transaction of a process that is silent for longer between two statements: others wait for
 * its locks.
 */
const MAX_IDLE_MS = 3000;

/** Reads events from the inbox and parses them. */
@Injectable()
export class StoredEvents {
  readonly #inbox: string;
  readonly #subscription: string;

  constructor(
    private readonly database: PostackDatabase,
    private readonly parser: EventParser,
  ) {
    this.#inbox = database.table(InboxEventEntity);
    this.#subscription = database.table(SubscriptionEntity);
  }

  /**
   * Locks the oldest undispatched events that no other process has locked, until the transaction ends.
   *
   * @param afterRowId Skips events up to this one. Without it PostgreSQL has to step over the dead index entries of all
   *   events dispatched since the last vacuum.
   * @param timeoutMs Of the transaction.
   * @returns the events, with the version of the subscriptions that they are to be dispatched to.
   */
  async claim(
    manager: EntityManager,
    limit: number,
    afterRowId: bigint,
    timeoutMs: number,
  ): Promise<ClaimedEvents> {
    const rows = await runPreparedSql<EventRow & { subscriptions: string }>(
      manager,
      `SELECT ${EVENT_COLUMNS}, ${subscriptionsVersion(this.#subscription)} AS subscriptions,
         (SELECT ${setIdleTimeout('$3')})
       FROM ${this.#inbox} e
       WHERE e.status = 'pending' AND e.id > $2 ORDER BY e.id LIMIT $1 FOR UPDATE SKIP LOCKED`,
      [limit, String(afterRowId), String(Math.min(timeoutMs, MAX_IDLE_MS))],
    );
    return { events: rows.map((row) => this.stored(row)), subscriptions: rows[0]?.subscriptions ?? '' };
  }

  /** Events by their `rowId`, oldest first. Events whose body has been removed are left out. */
  async load(rowIds: readonly string[], manager = this.database.manager): Promise<StoredEvent[]> {
    const rows: EventRow[] = await runSql(
      manager,
      `SELECT ${EVENT_COLUMNS} FROM ${this.#inbox} e
       WHERE e.id = ANY ($1::bigint[]) AND e.body IS NOT NULL ORDER BY e.id`,
      [rowIds],
    );
    return rows.map((row) => this.stored(row));
  }

  /** The event of a row. @param parser Default: with the mapping of now. */
  stored(row: EventRow, parser = this.parser): StoredEvent {
    const envelope = {
      id: row.svix_id,
      endpoint: row.endpoint,
      wireType: row.type,
      // Of an event that says otherwise, and was stored before this was checked.
      occurredAt: row.occurred_at < row.received_at ? row.occurred_at : row.received_at,
      receivedAt: row.received_at,
    };
    const { id: rowId, type: wireType, trace_parent: traceParent } = row;
    return { rowId, wireType, event: parser.parse(envelope, row.body), traceParent };
  }
}

/** Of the table of `InboxEventEntity`, with the alias `e`. */
export const EVENT_COLUMNS =
  'e.id, e.endpoint, e.svix_id, e.type, e.occurred_at, e.received_at, e.body, e.trace_parent';
