import type { DataSource, QueryRunner } from 'typeorm';
import { dataSourceOf } from './data-source-of.js';
import { dropIdleConnections, poolOf } from './pool.js';
import { abandonConnection } from './transaction-with-timeout.js';

/** PostgreSQL did not respond to a statement in time. Its connection is closed. */
export class StatementTimeoutError extends Error {
  readonly code = 'POSTACK_STATEMENT_TIMEOUT';
  override readonly name = 'StatementTimeoutError';

  constructor(timeoutMs: number) {
    super(`PostgreSQL did not respond within ${timeoutMs} ms, or no connection was free`);
  }
}

/**
 * A view of a data source whose statements fail after `timeoutMs`, the wait for a connection included: a connection that
 * has fallen silent would otherwise be waited for without end. Inside its transactions PostgreSQL keeps to it too.
 */
export function withStatementTimeout(dataSource: DataSource, timeoutMs: number): DataSource {
  const limited = Object.create(dataSource) as DataSource;
  limited.createQueryRunner = (mode) => limitStatements(dataSource.createQueryRunner(mode), timeoutMs);
  Object.assign(limited, { manager: limited.createEntityManager() });
  return limited;
}

/** Time limits of the query runners of limited data sources. */
const timeLimits = new WeakMap<QueryRunner, number>();

function limitStatements(queryRunner: QueryRunner, timeoutMs: number): QueryRunner {
  timeLimits.set(queryRunner, timeoutMs);
  const query = queryRunner.query.bind(queryRunner) as (...args: unknown[]) => Promise<unknown>;
  const limited = async (text: string, ...rest: unknown[]): Promise<unknown> => {
    const begin = text === 'START TRANSACTION' ? `${text}; SET LOCAL statement_timeout = ${timeoutMs}` : text;
    return withinTimeLimit(queryRunner, () => query(begin, ...rest));
  };
  queryRunner.query = limited as QueryRunner['query'];
  return queryRunner;
}

/**
 * Runs one statement within the time limit of its query runner, if that has one.
 *
 * @throws {StatementTimeoutError} after the limit. The connection is closed then.
 */
export async function withinTimeLimit<Result>(
  queryRunner: QueryRunner,
  run: () => Promise<Result>,
): Promise<Result> {
  const timeoutMs = timeLimits.get(queryRunner);
  if (timeoutMs === undefined) return run();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new StatementTimeoutError(timeoutMs));
      abandonConnection(queryRunner).catch(() => undefined);
      void dropIdleConnections(poolOf(dataSourceOf(queryRunner)));
    }, timeoutMs);
  });
  try {
    return await Promise.race([run(), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
