import type { Client } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { dropIdleConnections, poolOf } from './pool.js';

/**
 * Runs a transaction that must be committed within `timeoutMs`, including the wait for a connection. After that, its
 * connection is closed, which rolls it back.
 *
 * @param timedOut Creates the error to reject with after the timeout.
 * @throws the error of the transaction, or that of `timedOut`.
 */
export async function transactionWithTimeout<Result>(
  dataSource: DataSource,
  timeoutMs: number,
  timedOut: () => Error,
  run: (manager: EntityManager) => Promise<Result>,
): Promise<Result> {
  const queryRunner = dataSource.createQueryRunner();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(timedOut());
      // If connecting failed there is nothing to close; the transaction rejects.
      abandonConnection(queryRunner).catch(() => undefined);
      void dropIdleConnections(poolOf(dataSource));
    }, timeoutMs);
  });
  const transaction = queryRunner.manager.transaction(run).finally(() => queryRunner.release());
  try {
    return await Promise.race([transaction, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * SQL that makes PostgreSQL roll back the current transaction after it has been idle for a while. Without it, the locks
 * of a process whose connection was cut silently would be held for hours.
 *
 * @param parameter Placeholder of the query for the value of `idleTimeout`: `$1`.
 */
export function setIdleTimeout(parameter: string): string {
  return `set_config('idle_in_transaction_session_timeout', ${parameter}, true)`;
}

/** The value for `setIdleTimeout`: longer than the transaction's own timeout, so that its process acts first. */
export function idleTimeout(timeoutMs: number): string {
  return String(timeoutMs + 1000);
}

/** Closes a connection, whatever it is doing, and removes it from the pool. */
export async function abandonConnection(queryRunner: QueryRunner): Promise<void> {
  const connection = (await queryRunner.connect()) as Client;
  await connection.end();
  await queryRunner.release();
}
