import { Inject, Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { EventParser } from '../events/event-parser.js';
import type { AnyPostackEvent } from '../events/event-types.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { POSTACK_DATA_SOURCE } from '../postack.data-source.js';
import { tableName } from '../table-name.js';
import { HandlerOutcomeEntity, type OutcomeStatus } from './handler-outcome.entity.js';

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

const COLUMNS = 'e.id, e.endpoint, e.svix_id, e.type, e.occurred_at, e.received_at, e.body';

/** Reads events out of the inbox and turns them into typed ones. */
@Injectable()
export class StoredEvents {
  readonly #inbox: string;
  readonly #outcome: string;

  constructor(
    @Inject(POSTACK_DATA_SOURCE) private readonly dataSource: DataSource,
    private readonly parser: EventParser,
  ) {
    this.#inbox = tableName(dataSource, InboxEventEntity);
    this.#outcome = tableName(dataSource, HandlerOutcomeEntity);
  }

  /** Locks the oldest undispatched events that no other process has locked, until the transaction ends. */
  async claim(manager: EntityManager, limit: number): Promise<StoredEvent[]> {
    const rows: EventRow[] = await manager.query(
      `SELECT ${COLUMNS} FROM ${this.#inbox} e WHERE e.status = 'pending' ORDER BY e.id LIMIT $1
       FOR UPDATE SKIP LOCKED`,
      [limit],
    );
    return rows.map((row) => this.#typed(row));
  }

  /** The events of some jobs, by their `rowId`, each with what one handler has already made of it. */
  async load(
    rowIds: string[],
    handler: string,
  ): Promise<Map<string, StoredEvent & { outcome: OutcomeStatus | null }>> {
    const rows: (EventRow & { outcome: OutcomeStatus | null })[] = await this.dataSource.query(
      `SELECT ${COLUMNS}, o.status AS outcome
       FROM ${this.#inbox} e LEFT JOIN ${this.#outcome} o ON o.event_id = e.id AND o.handler = $2
       WHERE e.id = ANY ($1::bigint[])`,
      [rowIds, handler],
    );
    return new Map(rows.map((row) => [row.id, { ...this.#typed(row), outcome: row.outcome }]));
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
