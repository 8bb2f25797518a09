import type { Client } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';

/**
 * Runs `run` in a transaction that has to be done, from connection to commit, within `timeoutMs`: then its connection
 * is closed, and with it the transaction is undone.
 *
 * @param timedOut Makes the error for that.
 * @throws whatever keeps the transaction from being committed, or what `timedOut` makes.
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
      // What cannot be had cannot be closed either; the transaction itself tells of it.
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
 * SQL that has PostgreSQL undo the transaction that it is in when nothing has been asked in it for so long: of a process
 * that is cut off from it, PostgreSQL hears nothing, and would keep its locks for hours.
 *
 * @param parameter Of the query, with the value of `idleTimeout`.
 */
export function setIdleTimeout(parameter: string): string {
  return `set_config('idle_in_transaction_session_timeout', ${parameter}, true)`;
}

/** The value for `setIdleTimeout`. @param timeoutMs Of the transaction; its own process is to act first. */
export function idleTimeout(timeoutMs: number): string {
  return String(timeoutMs + 1000);
}

/** Closes a connection in the middle of whatever it does, and takes it out of the pool. */
export async function abandonConnection(queryRunner: QueryRunner): Promise<void> {
  const connection = (await queryRunner.connect()) as Client;
  await connection.end();
  await queryRunner.release();
}
