import type { Client } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';

/**
 * Runs `run` in a transaction that has to be done, from connection to commit, within `timeoutMs`: then its connection
 * is closed, and with it the transaction is undone.
 *
 * @param timedOut Makes the error for that.
 * @throws whatever keeps the transaction from being committed, or what `timedOut` makes.
 */
export async function timedTransaction<Result>(
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

/** Closes a connection in the middle of whatever it does, and takes it out of the pool. */
export async function abandonConnection(queryRunner: QueryRunner): Promise<void> {
  const connection = (await queryRunner.connect()) as Client;
  await connection.end();
  await queryRunner.release();
}
