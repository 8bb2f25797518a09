import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PostackDatabase } from '../../database/postack-database.js';
import { HandlerOutcomeEntity, type OutcomeStatus } from './handler-outcome.entity.js';
import type { RecordedError } from './recorded-error.js';

/** How one call of a handler ended. */
export interface NewOutcome {
  rowId: string;
  /** Outcomes of another delivery than the one recorded are ignored: it has been superseded. */
  delivery: number;
  status: OutcomeStatus;
  attempts: number;
  failure: RecordedError | null;
  nextAttemptAt: Date | null;
}

/** Records what became of each (event, handler): the mark that keeps a finished handler from being called again. */
@Injectable()
export class Outcomes {
  readonly #table: string;

  constructor(database: PostackDatabase) {
    this.#table = database.table(HandlerOutcomeEntity);
  }

  /** One statement for all; the first failure is kept, and what is settled is never taken back. */
  async record(handler: string, outcomes: readonly NewOutcome[], manager: EntityManager): Promise<void> {
    if (outcomes.length === 0) return;
    // In key order, so that two processes wait for each other instead of deadlocking.
    const sorted = [...outcomes].sort((a, b) => Number(BigInt(a.rowId) - BigInt(b.rowId)));
    const json = (failure: RecordedError | null) => (failure ? JSON.stringify(failure) : null);
    await manager.query(
      `INSERT INTO ${this.#table} AS o
         (event_id, handler, delivery, status, attempts, first_error, last_error, next_attempt_at)
       SELECT event_id, $1, delivery, status, attempts, failure, failure, next_attempt_at
       FROM unnest($2::bigint[], $3::int[], $4::text[], $5::int[], $6::jsonb[], $7::timestamptz[])
         AS new (event_id, delivery, status, attempts, failure, next_attempt_at)
       ON CONFLICT (event_id, handler) DO UPDATE SET
         status = excluded.status,
         attempts = excluded.attempts,
         first_error = coalesce(o.first_error, excluded.first_error),
         last_error = coalesce(excluded.last_error, o.last_error),
         next_attempt_at = excluded.next_attempt_at,
         updated_at = now()
       WHERE o.delivery = excluded.delivery AND o.status NOT IN ('done', 'discarded')`,
      [
        handler,
        sorted.map(({ rowId }) => rowId),
        sorted.map(({ delivery }) => delivery),
        sorted.map(({ status }) => status),
        sorted.map(({ attempts }) => attempts),
        sorted.map(({ failure }) => json(failure)),
        sorted.map(({ nextAttemptAt }) => nextAttemptAt?.toISOString() ?? null),
      ],
    );
  }

  /**
   * Locks the outcome of a handler for one event until the transaction ends, so that only one process at a time
   * works on it. False when there is nothing to do any more: it is done, or this delivery has been superseded.
   */
  async claim(handler: string, rowId: string, delivery: number, manager: EntityManager): Promise<boolean> {
    // Updates nothing, but locks; a second process waits here, and then sees what the first one has committed.
    const rows: { status: OutcomeStatus; delivery: number }[] = await manager.query(
      `INSERT INTO ${this.#table} AS o (event_id, handler, delivery, status, attempts)
       VALUES ($1, $2, $3, 'pending', 0)
       ON CONFLICT (event_id, handler) DO UPDATE SET handler = excluded.handler
       RETURNING status, delivery`,
      [rowId, handler, delivery],
    );
    const [row] = rows;
    return row?.delivery === delivery && row.status !== 'done' && row.status !== 'discarded';
  }

  /** Of some lines of an ordered handler those in which events still wait. */
  async waitingLines(
    handler: string,
    orderKeys: readonly string[],
    manager: EntityManager,
  ): Promise<string[]> {
    if (orderKeys.length === 0) return [];
    const rows: { order_key: string }[] = await manager.query(
      `SELECT DISTINCT order_key FROM ${this.#table}
       WHERE handler = $1 AND order_key = ANY ($2::text[]) AND status IN ('pending', 'retrying')`,
      [handler, orderKeys],
    );
    return rows.map(({ order_key }) => order_key);
  }
}
