import type { EntityManager } from 'typeorm';
import { runSql } from './run-sql.js';

/**
 * The time `delayMs` from now by the clock of PostgreSQL, in the transaction of `manager`. What is due is decided by that
 * clock; the machine's may be wrong.
 */
export async function databaseTimeIn(delayMs: number, manager: EntityManager): Promise<Date> {
  const [row] = await runSql<[{ at: Date }]>(
    manager,
    `SELECT clock_timestamp() + $1::float8 * interval '1 millisecond' AS at`,
    [delayMs],
  );
  return row.at;
}
