import { Inject, Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { POSTACK_DATA_SOURCE } from '../postack.data-source.js';
import { tableName } from '../table-name.js';
import { HandlerOutcomeEntity, type OutcomeStatus } from './handler-outcome.entity.js';
import type { StoredFailure } from './stored-failure.js';

/** How one call of a handler ended. */
export interface NewOutcome {
  rowId: string;
  status: OutcomeStatus;
  attempts: number;
  failure: StoredFailure | null;
  jobId: string | null;
}

/** Records what became of each (event, handler): the mark that keeps a finished handler from being called again. */
@Injectable()
export class Outcomes {
  readonly #table: string;

  constructor(@Inject(POSTACK_DATA_SOURCE) private readonly dataSource: DataSource) {
    this.#table = tableName(dataSource, HandlerOutcomeEntity);
  }

  /** One statement for all; the first failure is kept, and `done` is never taken back. */
  async record(
    handler: string,
    outcomes: readonly NewOutcome[],
    manager: EntityManager = this.dataSource.manager,
  ): Promise<void> {
    if (outcomes.length === 0) return;
    const sorted = [...outcomes].sort((a, b) => Number(BigInt(a.rowId) - BigInt(b.rowId)));
    const json = (failure: StoredFailure | null) => (failure ? JSON.stringify(failure) : null);
    await manager.query(
      `INSERT INTO ${this.#table} AS o (event_id, handler, status, attempts, first_failure, last_failure, job_id)
       SELECT event_id, $1, status, attempts, failure, failure, job_id
       FROM unnest($2::bigint[], $3::text[], $4::int[], $5::jsonb[], $6::uuid[])
         AS new (event_id, status, attempts, failure, job_id)
       ON CONFLICT (event_id, handler) DO UPDATE SET
         status = excluded.status,
         attempts = excluded.attempts,
         first_failure = coalesce(o.first_failure, excluded.first_failure),
         last_failure = coalesce(excluded.last_failure, o.last_failure),
         job_id = excluded.job_id,
         updated_at = now()
       WHERE o.status <> 'done'`,
      [
        handler,
        sorted.map(({ rowId }) => rowId),
        sorted.map(({ status }) => status),
        sorted.map(({ attempts }) => attempts),
        sorted.map(({ failure }) => json(failure)),
        sorted.map(({ jobId }) => jobId),
      ],
    );
  }

  /** Locks the outcome of a handler for one event, so that only one process at a time works on it. */
  async lock(handler: string, rowId: string, manager: EntityManager): Promise<OutcomeStatus | null> {
    const rows: { status: OutcomeStatus }[] = await manager.query(
      `SELECT status FROM ${this.#table} WHERE event_id = $1 AND handler = $2 FOR UPDATE`,
      [rowId, handler],
    );
    return rows[0]?.status ?? null;
  }
}
