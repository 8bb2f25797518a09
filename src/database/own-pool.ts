import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg, { type Pool, type PoolConfig, type QueryConfig } from 'pg';
import { OWN_TYPES } from './own-types.js';
import { dropIdleConnections, poolOf } from './pool.js';
import { isPooled } from './pooler.js';
import { PostackDatabase } from './postack-database.js';

/** Connections of the pool: two for accepting, one for settling, the rest for taking deliveries. */
export const OWN_CONNECTIONS = 5;

/** A statement without a response by then has failed, and its connection is closed. */
const STATEMENT_TIMEOUT_MS = 5000;

/** Time that PostgreSQL gives a statement whose client is gone. */
const SERVER_TIMEOUT_MS = 15_000;

/** Connections that are not closed by then are left. */
const END_TIMEOUT_MS = 2000;

/** A statement for `OwnPool.query`. */
export interface OwnStatement {
  text: string;
  values?: unknown[];
  /** Prepares the statement on each connection, once. */
  name?: string;
  /** Default 5,000. */
  timeoutMs?: number;
}

/**
 * A small pool of connections to the same database and with the same credentials as the data source, for accepting
 * events and for the delivery ledger. These must not wait until listeners, projections or the host release a connection
 * of the data source. Each statement has a time limit: a connection that falls silent is closed and replaced.
 */
@Injectable()
export class OwnPool implements OnApplicationShutdown {
  #pool: Pool | undefined;

  constructor(private readonly database: PostackDatabase) {}

  /** Runs one statement in a transaction of its own. Resolves to its rows. */
  async query<Row extends object>({ timeoutMs, name, ...statement }: OwnStatement): Promise<Row[]> {
    const pool = (this.#pool ??= this.#create());
    // node-postgres supports a time-out for each query, but its types do not declare it.
    const query: QueryConfig & { query_timeout: number } = {
      ...statement,
      // A pooler gives the next statement another connection, where it is not prepared.
      ...(name !== undefined && !isPooled(this.database.dataSource) && { name }),
      query_timeout: timeoutMs ?? STATEMENT_TIMEOUT_MS,
    };
    try {
      return (await pool.query<Row>(query)).rows;
    } catch (error) {
      if (isTimeout(error)) await dropIdleConnections(pool);
      throw error;
    }
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#pool?.totalCount ?? 0;
  }

  async onApplicationShutdown(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    // A connection that has fallen silent would never end.
    await Promise.race([pool?.end(), sleep(END_TIMEOUT_MS, undefined, { ref: false })]);
  }

  #create(): Pool {
    const options = poolOf(this.database.dataSource).options as PoolConfig;
    const pool = new pg.Pool({
      ...options,
      // node-postgres makes the password non-enumerable, so spreading leaves it out.
      password: options.password,
      types: OWN_TYPES,
      min: 0,
      max: OWN_CONNECTIONS,
      application_name: 'nestjs-postack',
      connectionTimeoutMillis: STATEMENT_TIMEOUT_MS,
      idleTimeoutMillis: 30_000,
      // Sent when connecting, which PgBouncer refuses.
      ...(!isPooled(this.database.dataSource) && { statement_timeout: SERVER_TIMEOUT_MS }),
      keepAlive: true,
    });
    // An idle connection was closed: the next statement opens another one.
    pool.on('error', () => undefined);
    return pool;
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}
