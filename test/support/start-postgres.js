import { mkdtemp } from 'node:fs/promises';
import { enableCompileCache, flushCompileCache } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { getConstructionPlans } from 'pg-boss';
import { DataSource } from 'typeorm';
import { postackMigrations } from '../../dist/migrations/index.js';
import { postackEntities } from '../../dist/src/postack.entities.js';
import { EmbeddedPostgres } from '../../dist/src/service/embedded-postgres/embedded-postgres.js';

const TEMPLATE = 'postack_template';

/** The default of the option `jobsSchema`. */
const JOBS_SCHEMA = 'postack_jobs';

/** The names that hosts (TypeORM's own) and the service give to the table of the migrations that have run. */
const MIGRATION_TABLES = ['migrations', 'postack_migrations'];

/** One PostgreSQL for the whole run; every test file makes a database of its own in it. */
export default async function startPostgres() {
  const directory = await mkdtemp(join(tmpdir(), 'nestjs-postack-test-'));
  const [postgres] = await Promise.all([startForMany(directory), fillCompileCache(directory)]);
  globalThis.testPostgres = { postgres, directory };
  await connected(postgres.url, async (client) => {
    await preferSpeed(client);
    await createTemplate(client, postgres.url);
  });
  process.env.TEST_POSTGRES_URL = postgres.url;
  process.env.TEST_POSTGRES_TEMPLATE = TEMPLATE;
}

/** With room for the connections of all processes that the tests of several workers start. */
async function startForMany(directory) {
  const first = await EmbeddedPostgres.start(directory);
  await connected(first.url, (client) => client.query('ALTER SYSTEM SET max_connections = 400'));
  // Takes effect at a start only.
  await first.stop();
  return EmbeddedPostgres.start(directory);
}

/** Tests start more than a hundred processes: with what they import compiled, each starts in three quarters of the time. */
async function fillCompileCache(directory) {
  process.env.NODE_COMPILE_CACHE = join(directory, 'compile-cache');
  enableCompileCache(process.env.NODE_COMPILE_CACHE);
  await import('../../dist/src/index.js');
  await import('@nestjs/platform-express');
  flushCompileCache();
}

/** Nothing here outlives the server: tests that crash PostgreSQL start one of their own. */
async function preferSpeed(client) {
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    await client.query(`ALTER SYSTEM SET ${setting} = off`);
  }
  await client.query('SELECT pg_reload_conf()');
  // A password is hashed 4096 times for each connection otherwise, and a run makes thousands of connections.
  await client.query('SET scram_iterations = 1');
  await client.query(`ALTER ROLE CURRENT_USER PASSWORD ${client.escapeLiteral(client.password)}`);
}

/** A database with all tables, ours and those of pg-boss, to be copied: creating them takes longer. */
async function createTemplate(client, url) {
  await client.query(`CREATE DATABASE ${TEMPLATE}`);
  const ofTemplate = new URL(url);
  ofTemplate.pathname = `/${TEMPLATE}`;
  for (const migrationsTableName of MIGRATION_TABLES) await migrate(ofTemplate.href, migrationsTableName);
  // No queue, no schedule, nothing that says when maintenance has last run.
  await connected(ofTemplate.href, (template) => template.query(getConstructionPlans(JOBS_SCHEMA)));
  await client.query(`ALTER DATABASE ${TEMPLATE} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`);
}

async function connected(connectionString, work) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function migrate(url, migrationsTableName) {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    entities: postackEntities(),
    migrations: [...postackMigrations],
    migrationsTableName,
  });
  await dataSource.initialize();
  try {
    await dataSource.runMigrations({ fake: migrationsTableName !== MIGRATION_TABLES[0] });
  } finally {
    await dataSource.destroy();
  }
}
