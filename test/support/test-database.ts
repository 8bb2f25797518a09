import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { postackMigrations } from '../../migrations/index.js';
import { postackEntities } from '../../src/postack.entities.js';

/** A database that belongs to one test file. */
export interface TestDatabase {
  url: string;
  /** One statement on a connection of its own. */
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Cuts every connection to it and removes it. */
  drop(): Promise<void>;
}

/** Creates an empty database in the run's PostgreSQL. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = process.env['TEST_POSTGRES_URL'];
  if (serverUrl === undefined) throw new Error('TEST_POSTGRES_URL is not set: run tests with "npm test"');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await runOn(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    query: (text, values) => runOn(url.href, text, values),
    drop: async () => {
      await runOn(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** A migrated data source, as a host has one. */
export async function openDataSource(
  url: string,
  options: { schema?: string; poolSize?: number } = {},
): Promise<DataSource> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    entities: postackEntities({ schema: options.schema }),
    migrations: [...postackMigrations],
    poolSize: options.poolSize ?? 10,
  });
  await dataSource.initialize();
  await dataSource.runMigrations();
  return dataSource;
}

async function runOn<Row extends object>(url: string, text: string, values?: unknown[]): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}
