import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PostackDatabase } from '../../database/postack-database.js';
import { HandlerOutcomeEntity, type OutcomeStatus } from './handler-outcome.entity.js';
import type { RecordedError } from './recorded-error.js';

/** The outcome of one call of a handler. */
export interface NewOutcome {
  rowId: string;
  /** An outcome of another delivery than the current one is stale, and not recorded. */
  delivery: number;
  status: OutcomeStatus;
  attempts: number;
  error: RecordedError | null;
  nextAttemptAt: Date | null;
}

/** Records the outcome of each (event, handler), which keeps a handler from being called again once it is done. */
@Injectable()
export class Outcomes {
  readonly #table: string;

  constructor(database: PostackDatabase) {
    this.#table = database.table(HandlerOutcomeEntity);
  }

  /** Records all in one statement. The first error is kept; `done` and `discarded` are final. */
  async record(handler: string, outcomes: readonly NewOutcome[], manager: EntityManager): Promise<void> {
    if (outcomes.length === 0) return;
    // In key order, so that two processes wait for each other instead of deadlocking.
    const sorted = [...outcomes].sort((a, b) => Number(BigInt(a.rowId) - BigInt(b.rowId)));
    await manager.query(RECORD(this.#table), [
      handler,
      sorted.map(({ rowId }) => rowId),
      sorted.map(({ delivery }) => delivery),
      sorted.map(({ status }) => status),
      sorted.map(({ attempts }) => attempts),
      sorted.map(({ error }) => error && JSON.stringify(error)),
      sorted.map(({ nextAttemptAt }) => nextAttemptAt?.toISOString() ?? null),
    ]);
  }

  /**
   * Locks the outcome of a handler for one event until the transaction ends, so that one process at a time works on it.
   * Resolves to `false` when there is nothing left to do: it is done or discarded, or this delivery is stale.
   */
  async claim(handler: string, rowId: string, delivery: number, manager: EntityManager): Promise<boolean> {
    // The update changes nothing, but locks: a second process waits here, then sees what the first has committed.
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

  /** Those of the message groups of an ordered handler in which events are still waiting. */
  async waitingGroups(
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

const RECORD = (outcome: string) => `
  INSERT INTO ${outcome} AS o
    (event_id, handler, delivery, status, attempts, first_error, last_error, next_attempt_at)
  SELECT event_id, $1, delivery, status, attempts, error, error, next_attempt_at
  FROM unnest($2::bigint[], $3::int[], $4::text[], $5::int[], $6::jsonb[], $7::timestamptz[])
    AS new (event_id, delivery, status, attempts, error, next_attempt_at)
  ON CONFLICT (event_id, handler) DO UPDATE SET
    status = excluded.status,
    attempts = excluded.attempts,
    first_error = coalesce(o.first_error, excluded.first_error),
    last_error = coalesce(excluded.last_error, o.last_error),
    next_attempt_at = excluded.next_attempt_at,
    updated_at = now()
  WHERE o.delivery = excluded.delivery AND o.status NOT IN ('done', 'discarded')`;
