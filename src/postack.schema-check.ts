import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { ConfigurationError } from './errors/configuration-error.js';
import { keepOwnNames } from './database/own-names.js';
import { poolOf } from './database/pool.js';
import { detectPooler } from './database/pooler.js';
import { PostackDatabase } from './database/postack-database.js';
import { postackEntities } from './postack.entities.js';

/** Fails at boot, with instructions, when a table is missing, rather than at the first event. */
@Injectable()
export class PostackSchemaCheck implements OnModuleInit {
  constructor(private readonly database: PostackDatabase) {}

  /** @throws {ConfigurationError} when a table is missing, or a setting of the database would lose or garble data. */
  async onModuleInit(): Promise<void> {
    await this.#checkSettings();
    await this.#checkPooler();
    const tables = REGISTERED.map((entity) => this.database.table(entity));
    const rows: { name: string }[] = await this.database.query(
      'SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NULL',
      [tables],
    );
    if (rows.length === 0) return;
    throw new ConfigurationError('PostackModule database', [
      `these tables are missing: ${rows.map(({ name }) => name).join(', ')}. Run the migrations: give the data ` +
        'source "migrations: [...postackMigrations]" and "migrationsRun: true", or run them before the start',
    ]);
  }

  async #checkPooler(): Promise<void> {
    const { dataSource } = this.database;
    await detectPooler(dataSource);
    if (this.database.sessions !== null) return;
    new Logger('Postack').warn(
      'The database is reached through a connection pooler in transaction mode, where notifications do not arrive: new ' +
        'events are looked for every second. For less delay, set POSTACK_DIRECT_DATABASE_URL (in a host: the option ' +
        '"directDataSource") to a connection without the pooler',
    );
  }

  /** Settings of the database, of the role and of the connection: PostgreSQL tells only what came of them. */
  async #checkSettings(): Promise<void> {
    const rows: { name: string; setting: string }[] = await this.database.query(
      'SELECT name, setting FROM pg_settings WHERE name = ANY ($1)',
      [SETTINGS.map(({ name }) => name)],
    );
    const settings = new Map(rows.map(({ name, setting }) => [name, setting]));
    const problems = SETTINGS.flatMap(({ name, isRight, because }) => {
      const setting = settings.get(name) ?? '';
      return isRight(setting) ? [] : `"${name}" is "${setting}": ${because}`;
    });
    if (problems.length > 0) throw new ConfigurationError('PostackModule database', problems);
  }
}

/** What must be true of a database, and what to do when it is not. */
const SETTINGS: readonly { name: string; isRight: (setting: string) => boolean; because: string }[] = [
  {
    name: 'server_encoding',
    isRight: (setting) => setting === 'UTF8',
    because: `it cannot store every text. Create a database with "ENCODING 'UTF8'", and move the data there`,
  },
  {
    name: 'DateStyle',
    isRight: (setting) => setting.startsWith('ISO'),
    because: `node-postgres cannot read such times. Run "ALTER DATABASE … SET datestyle = 'ISO'", and connect again`,
  },
  {
    name: 'default_transaction_isolation',
    isRight: (setting) => setting === 'read committed',
    because:
      'concurrent webhooks would fail. Run "ALTER DATABASE … SET default_transaction_isolation = \'read committed\'" ' +
      '(or ALTER ROLE), and set the level in the transactions of your own that need another',
  },
  {
    name: 'default_transaction_read_only',
    isRight: (setting) => setting === 'off',
    because: 'events could not be stored. Connect to a database that can be written to, with a role that may',
  },
];

const REGISTERED = postackEntities();

/**
 * Checks a data source before anything uses it.
 *
 * @throws {ConfigurationError} when it is missing, of another database, or lacks our entities.
 */
export function checkDataSource(dataSource: DataSource | undefined): DataSource {
  const problem = problemWith(dataSource);
  if (!dataSource || problem !== undefined) {
    throw new ConfigurationError('PostackModule data source', [problem ?? '']);
  }
  surviveCutConnections(poolOf(dataSource));
  keepOwnNames(dataSource, REGISTERED);
  return dataSource;
}

/**
 * Checks a data source for sessions.
 *
 * @throws {ConfigurationError} when it cannot be used.
 */
export function checkDirect(dataSource: DataSource): DataSource {
  const problem = connectionProblem(dataSource);
  if (problem !== undefined) throw new ConfigurationError('PostackModule direct data source', [problem]);
  surviveCutConnections(poolOf(dataSource));
  return dataSource;
}

const watchedPools = new WeakSet<Pool>();

/**
 * A connection can break after it is created and before it is used, when nothing listens to its "error" event yet: that
 * would end the process. The query that uses it reports the failure.
 */
function surviveCutConnections(pool: Pool): void {
  if (watchedPools.has(pool)) return;
  watchedPools.add(pool);
  pool.on('connect', (client) => client.on('error', () => undefined));
}

function problemWith(dataSource: DataSource | undefined): string | undefined {
  if (!dataSource) {
    return (
      'there is none to inject. Import TypeOrmModule.forRoot(…) in your application; for a named one, pass ' +
      '"dataSource: getDataSourceToken(name)" to PostackModule'
    );
  }
  const problem = connectionProblem(dataSource);
  if (problem !== undefined) return problem;
  if (!REGISTERED.every((entity) => dataSource.hasMetadata(entity))) {
    return 'it does not know the entities of this package: add "entities: [...postackEntities()]" to its options';
  }
  return undefined;
}

function connectionProblem(dataSource: DataSource): string | undefined {
  if (dataSource.options.type !== 'postgres') {
    return `it must be of type "postgres", not "${dataSource.options.type}"`;
  }
  return dataSource.isInitialized
    ? undefined
    : 'it is not initialised: call "await dataSource.initialize()" first';
}
