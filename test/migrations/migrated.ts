import { DataSource, type MigrationInterface } from 'typeorm';
import { postackEntities } from '../../src/index.js';

/** A data source of a database on which these migrations have run. */
export async function migrated(
  url: string,
  migrations: (new () => MigrationInterface)[],
): Promise<DataSource> {
  const dataSource = new DataSource({ type: 'postgres', url, entities: postackEntities(), migrations });
  await dataSource.initialize();
  await dataSource.runMigrations();
  return dataSource;
}
