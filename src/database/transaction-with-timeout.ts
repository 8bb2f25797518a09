import type { Client } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';

/**
 * Runs `run` in a transaction that must finish, from connection to commit, within `timeoutMs`. After that its connection
 * is closed, which rolls the transaction back.
 *
 * @param timedOut Creates the error for that.
 * @throws the error that prevented the commit, or the one of `timedOut`.
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
 * SQL that makes PostgreSQL roll back the current transaction after this long without a statement: the locks of a process
 * that is cut off from PostgreSQL would otherwise stay for hours.
 *
 * @param parameter Parameter of the query that holds the value of `idleTimeout`.
 */
export function setIdleTimeout(parameter: string): string {
  return `set_config('idle_in_transaction_session_timeout', ${parameter}, true)`;
}

/** The value for `setIdleTimeout`. @param timeoutMs Timeout of the transaction; its own process acts first. */
export function idleTimeout(timeoutMs: number): string {
  return String(timeoutMs + 1000);
}

/** Closes a connection, whatever it is doing, and removes it from the pool. */
export async function abandonConnection(queryRunner: QueryRunner): Promise<void> {
  const connection = (await queryRunner.connect()) as Client;
  await connection.end();
  await queryRunner.release();
}
