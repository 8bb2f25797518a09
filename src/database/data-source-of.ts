import type { DataSource, EntityManager, QueryRunner } from 'typeorm';

/** The data source of a manager or query runner: `dataSource` since TypeORM 1, `connection` in TypeORM 0.3. */
export function dataSourceOf(owner: EntityManager | QueryRunner): DataSource {
  const { dataSource, connection } = owner as { dataSource?: DataSource; connection?: DataSource };
  const found = dataSource ?? connection;
  if (!found) throw new Error('This version of TypeORM is not supported: use 0.3.20 or later, or 1');
  return found;
}
