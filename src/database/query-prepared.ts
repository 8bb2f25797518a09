import { createHash } from 'node:crypto';
import type { Client, QueryConfig } from 'pg';
import { type EntityManager, QueryFailedError } from 'typeorm';

const names = new Map<string, string>();

/**
 * Runs a statement in the transaction of `manager`, prepared once on each connection: for the few that every batch of
 * events needs, PostgreSQL takes longer to parse and plan than to run them. Their texts must not vary. Resolves to the
 * rows.
 *
 * @throws {QueryFailedError}
 */
export async function queryPrepared<Row extends object>(
  manager: EntityManager,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  const { queryRunner } = manager;
  if (!queryRunner) throw new Error('A prepared statement needs the manager of a transaction');
  const client = (await queryRunner.connect()) as Client;
  const { logger } = queryRunner.dataSource;
  logger.logQuery(text, values, queryRunner);
  const statement: QueryConfig = { name: nameOf(text), text, values };
  try {
    return (await client.query<Row>(statement)).rows;
  } catch (error) {
    logger.logQueryError(error as Error, text, values, queryRunner);
    throw new QueryFailedError(text, values, error as Error);
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
