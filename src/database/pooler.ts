import type { PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import { poolOf } from './pool.js';

/** How often it is tried: other clients of the pooler may come between. */
const ATTEMPTS = 5;

/** The drivers of data sources that reach PostgreSQL by way of a pooler in transaction mode. */
const pooled = new WeakSet<object>();

/**
 * Whether the connections of a data source belong to a connection pooler in transaction mode, such as PgBouncer: it gives
 * each transaction any connection to PostgreSQL, so that nothing of a session stays: no prepared statement, no LISTEN.
 * Known after `detectPooler`.
 */
export function isPooled({ driver }: DataSource): boolean {
  return pooled.has(driver);
}

/** Finds out whether there is such a pooler, by two connections that get the same backend of PostgreSQL. */
export async function detectPooler(dataSource: DataSource): Promise<void> {
  const pool = poolOf(dataSource);
  // The second would be waited for without end.
  if ((pool.options.max as number | undefined) === 1) return;
  const first = await pool.connect();
  try {
    const second = await pool.connect();
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        if ((await backendOf(first)) !== (await backendInTransaction(second))) continue;
        pooled.add(dataSource.driver);
        return;
      }
    } finally {
      // Else each process would keep a connection more than it needs.
      second.release(true);
    }
  } finally {
    first.release();
  }
}

async function backendInTransaction(client: PoolClient): Promise<number | undefined> {
  await client.query('BEGIN');
  try {
    return await backendOf(client);
  } finally {
    await client.query('ROLLBACK');
  }
}

async function backendOf(client: PoolClient): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid;
}
