import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
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
  const postgres = await EmbeddedPostgres.start(directory);
  globalThis.testPostgres = { postgres, directory };
  await preferSpeed(postgres.url);
  await createTemplate(postgres.url);
  process.env.TEST_POSTGRES_URL = postgres.url;
  process.env.TEST_POSTGRES_TEMPLATE = TEMPLATE;
}

/** Nothing here outlives the server: tests that crash PostgreSQL start one of their own. */
async function preferSpeed(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
      await client.query(`ALTER SYSTEM SET ${setting} = off`);
    }
    await client.query('SELECT pg_reload_conf()');
    // A password is hashed 4096 times for each connection otherwise, and a run makes thousands of connections.
    await client.query('SET scram_iterations = 1');
    const { password } = client;
    await client.query(`ALTER ROLE CURRENT_USER PASSWORD ${client.escapeLiteral(password)}`);
  } finally {
    await client.end();
  }
}

/** A database with all tables, ours and those of pg-boss, to be copied: creating them takes longer. */
async function createTemplate(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${TEMPLATE}`);
    const ofTemplate = new URL(url);
    ofTemplate.pathname = `/${TEMPLATE}`;
    for (const migrationsTableName of MIGRATION_TABLES) await migrate(ofTemplate.href, migrationsTableName);
    await createJobTables(ofTemplate.href);
    await client.query(`ALTER DATABASE ${TEMPLATE} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`);
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

/** Nothing but the tables: no queue, no schedule, nothing that says when maintenance has last run. */
async function createJobTables(connectionString) {
  const boss = new PgBoss({ connectionString, schema: JOBS_SCHEMA, supervise: false, schedule: false });
  await boss.start();
  await boss.stop();
}
