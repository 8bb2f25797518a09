import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../database/run-sql.js';
import { PostackDatabase } from '../database/postack-database.js';
import { EventParser } from '../events/event-parser.js';
import { isSameReading } from '../events/event-reading.js';
import type { AnyPostackEvent } from '../events/event-types.js';
import { EventMappings } from '../inbox/event-mappings.js';
import { InboxEventEntity, type InboxStatus } from '../inbox/inbox-event.entity.js';
import { REJECTED } from '../inbox/inbox.js';
import { EVENT_COLUMNS, StoredEvents, type EventRow, type StoredEvent } from './stored-events.js';

/** A stored event that is read otherwise now. */
export interface ReinterpretedEvent {
  rowId: string;
  /** As it was read before; `null` for a quarantined one. */
  before: AnyPostackEvent | null;
  /** As it is read now; `null` if it cannot be read any more. */
  now: StoredEvent | null;
  quarantineReason: string | null;
  /** Names of the projections that have handled it. */
  projections: readonly string[];
}

interface Row extends EventRow {
  type: string;
  status: InboxStatus;
  clock_skew_ms: number;
  mapping_id: number | null;
  projections: string[] | null;
}

/** Finds the stored events that the mapping of now reads otherwise than the one that they were read with. */
@Injectable()
export class ChangedReadings {
  readonly #inbox: string;

  constructor(
    database: PostackDatabase,
    private readonly parser: EventParser,
    private readonly mappings: EventMappings,
    private readonly events: StoredEvents,
  ) {
    this.#inbox = database.table(InboxEventEntity);
  }

  /** To be called before the transaction of the other methods. Resolves to `EventMappingEntity.id` of the mapping of now. */
  prepare(): Promise<number> {
    return this.mappings.current();
  }

  /** SQL for whether the inbox row `e` may be read otherwise now. Only such rows have to be read at all. */
  async mayDiffer(): Promise<string> {
    return `e.mapping_id IS DISTINCT FROM ${await this.mappings.current()}`;
  }

  /**
   * Those of these events that are read otherwise now. Events whose body has been removed are left out.
   *
   * @param isLocked Whether to lock them all until the transaction ends.
   */
  async find(
    rowIds: readonly string[],
    manager: EntityManager,
    isLocked: boolean,
  ): Promise<ReinterpretedEvent[]> {
    const rows: Row[] = await runSql(
      manager,
      `SELECT ${EVENT_COLUMNS}, e.status, e.clock_skew_ms, e.mapping_id, e.projections FROM ${this.#inbox} e
       WHERE e.id = ANY ($1::bigint[]) AND e.body IS NOT NULL AND e.status <> 'pending' AND ${await this.mayDiffer()}
         AND coalesce(e.quarantine_reason, '') NOT LIKE '${REJECTED}%'
       ORDER BY e.id ${isLocked ? 'FOR NO KEY UPDATE' : ''}`,
      [rowIds],
    );
    const changed: ReinterpretedEvent[] = [];
    for (const row of rows) {
      const event = this.#reread(row, await this.mappings.parserOf(row.mapping_id, manager));
      if (event) changed.push(event);
    }
    return changed;
  }

  #reread(row: Row, formerParser: EventParser): ReinterpretedEvent | null {
    const isQuarantined = row.status === 'quarantined';
    const parsed = this.parser.inspect(row.body);
    const before = isQuarantined ? null : this.events.stored(row, formerParser).event;
    const { id: rowId, projections } = row;
    const common = { rowId, before, projections: projections ?? [] };
    if (!parsed.ok) {
      return isQuarantined ? null : { ...common, now: null, quarantineReason: parsed.reason };
    }
    const former = formerParser.inspect(row.body);
    const hadTime = !isQuarantined && former.ok && former.occurredAt !== null;
    const now = this.events.stored({
      ...row,
      type: parsed.wireType,
      occurred_at: parsed.occurredAt ?? (hadTime ? signedAt(row) : row.occurred_at),
    });
    if (before && isSameReading(before, now.event)) return null;
    return { ...common, now, quarantineReason: null };
  }
}

/** The signed timestamp, which is not stored, but has whole seconds. */
function signedAt({ received_at: receivedAt, clock_skew_ms: skewMs }: Row): Date {
  return new Date(Math.round((receivedAt.getTime() - skewMs) / 1000) * 1000);
}
