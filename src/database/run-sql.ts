import { createHash } from 'node:crypto';
import type { Client, QueryConfig, QueryResult } from 'pg';
import { type EntityManager, QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { dataSourceOf } from './data-source-of.js';
import { withinTimeLimit } from './limited-statements.js';
import { OWN_TYPES } from './own-types.js';
import { isPooled } from './pooler.js';

const names = new Map<string, string>();

/**
 * Runs one SQL statement with a manager, in its transaction if it has one. As `EntityManager.query`, but values are read
 * by our own rules, whatever the host has set for its process. Resolves to the rows; for `UPDATE` and `DELETE`, to the
 * rows and their number.
 *
 * @throws {QueryFailedError}
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as TypeORM has it: the caller knows its rows
export async function runSql<Result = any>(
  manager: EntityManager,
  text: string,
  values: unknown[] = [],
): Promise<Result> {
  const { command, rows, rowCount } = await run(manager, { text, values });
  return (command === 'UPDATE' || command === 'DELETE' ? [rows, rowCount] : rows) as Result;
}

/**
 * Runs a statement in the transaction of `manager`, prepared once on each connection: for the few that every batch of
 * events needs, PostgreSQL takes longer to parse and plan than to run them. Their texts must not vary. Resolves to the
 * rows, by the rules of `runSql`.
 *
 * @throws {QueryFailedError}
 */
export async function runPreparedSql<Row extends object>(
  manager: EntityManager,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  const name = isPooled(dataSourceOf(manager)) ? undefined : nameOf(text);
  const { rows } = await run<Row>(manager, { name, text, values });
  return rows;
}

async function run<Row extends object>(
  manager: EntityManager,
  statement: QueryConfig & { text: string; values: unknown[] },
): Promise<QueryResult<Row>> {
  const { text, values } = statement;
  const dataSource = dataSourceOf(manager);
  const runner = manager.queryRunner ?? dataSource.createQueryRunner();
  if (runner.isReleased) throw new QueryRunnerAlreadyReleasedError();
  try {
    return await withinTimeLimit(runner, async () => {
      const client = (await runner.connect()) as Client;
      dataSource.logger.logQuery(text, values, runner);
      try {
        return await client.query<Row>({ ...statement, types: OWN_TYPES });
      } catch (error) {
        dataSource.logger.logQueryError(error as Error, text, values, runner);
        throw new QueryFailedError(text, values, error as Error);
      }
    });
  } finally {
    if (runner !== manager.queryRunner) await runner.release();
  }
}

function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `postack_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
    names.set(text, name);
  }
  return name;
}
