import { randomBytes } from 'node:crypto';
import { Client, Pool } from 'pg';
import { DataSource } from 'typeorm';
import { postackMigrations } from '../../migrations/index.js';
import { postackEntities } from '../../src/postack.entities.js';

/** A database that belongs to one test file. */
export interface TestDatabase {
  url: string;
  /** One statement, on a connection that no application uses. */
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Cuts every connection to it and removes it. */
  drop(): Promise<void>;
}

/**
 * Creates a database in the run's PostgreSQL: with all tables, migrated, and with those of pg-boss.
 *
 * @param isEmpty Without anything in it. Default: false.
 */
export async function createTestDatabase({ isEmpty = false } = {}): Promise<TestDatabase> {
  const serverUrl = setting('TEST_POSTGRES_URL');
  const name = `test_${randomBytes(6).toString('hex')}`;
  // Copying the files took two thirds of the time that copying through the write-ahead log took.
  const template = isEmpty ? '' : `TEMPLATE ${setting('TEST_POSTGRES_TEMPLATE')} STRATEGY FILE_COPY`;
  await runOn(serverUrl, `CREATE DATABASE ${name} ${template}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const pool = new Pool({ connectionString: url.href, idleTimeoutMillis: 500 });
  // A test may cut its connections.
  pool.on('error', () => undefined);
  return {
    url: url.href,
    query: async <Row extends object>(text: string, values?: unknown[]) =>
      (await pool.query<Row>(text, values)).rows,
    drop: async () => {
      await runOn(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await pool.end();
    },
  };
}

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run tests with "npm test"`);
  return value;
}

/** A migrated data source, as a host has one. Only in an empty database is there anything to migrate. */
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
