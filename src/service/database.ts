import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { postackMigrations } from '../../migrations/index.js';
import { ConfigurationError } from '../errors/configuration-error.js';
import { postackEntities } from '../postack.entities.js';

/** Any number that nobody else uses: held while migrating, so that several processes can start at once. */
const MIGRATION_LOCK = 0x6d696772;

/** Oldest PostgreSQL that is tested against the SQL in use. */
const OLDEST_VERSION = 15;

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * The service's own data source, migrated to the newest schema.
 *
 * @throws {ConfigurationError} when the database cannot be reached or used, saying why.
 */
export async function openDatabase(url: string, connectTimeoutMs = CONNECT_TIMEOUT_MS): Promise<DataSource> {
  const lock = await connect(url, connectTimeoutMs);
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    entities: postackEntities(),
    migrations: [...postackMigrations],
    migrationsTableName: 'postack_migrations',
    applicationName: 'nestjs-postack',
    connectTimeoutMS: connectTimeoutMs,
  });
  try {
    await takeTurn(lock);
    await dataSource.initialize();
    await dataSource.runMigrations();
    return dataSource;
  } catch (cause) {
    if (dataSource.isInitialized) await dataSource.destroy();
    throw unusable(`the migrations failed: ${(cause as Error).message}`, cause);
  } finally {
    await lock.end();
  }
}

/** Waits until no other process migrates, and says so if that takes any time. */
async function takeTurn(lock: Client): Promise<void> {
  const attempt = 'SELECT pg_try_advisory_lock($1) AS taken';
  const { rows } = await lock.query<{ taken: boolean }>(attempt, [MIGRATION_LOCK]);
  if (rows[0]?.taken) return;
  new Logger('PostackService').log(
    'Another process is migrating the database: waiting until it has finished',
  );
  await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
}

async function connect(url: string, timeoutMs: number): Promise<Client> {
  const target = targetOf(url);
  try {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: timeoutMs });
    // A connection lost while it only holds the lock is told of by the migrations themselves.
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ server_version_num: string }>('SHOW server_version_num');
    const version = Math.floor(Number(rows[0]?.server_version_num) / 10_000);
    if (version >= OLDEST_VERSION) return client;
    await client.end();
    throw new Error(`it is PostgreSQL ${version}, and ${OLDEST_VERSION} or newer is needed`);
  } catch (cause) {
    throw unusable(
      `cannot use PostgreSQL at ${target}: ${reasonOf(cause, timeoutMs)}. Check DATABASE_URL`,
      cause,
    );
  }
}

/** Where a connection string leads, without the credentials in it. */
function targetOf(url: string): string {
  if (!/^postgres(?:ql)?:/.test(url) || !URL.canParse(url)) {
    throw unusable(
      'DATABASE_URL must look like postgres://user:password@host:5432/database, where special characters in ' +
        'the user or the password are percent-encoded (/ as %2F, # as %23)',
    );
  }
  const { hostname, port, pathname } = new URL(url);
  return `${hostname || 'localhost'}:${port || '5432'}${pathname}`;
}

function reasonOf(error: unknown, timeoutMs: number): string {
  // Several addresses were tried: each has an error of its own, and the whole has no message.
  if (error instanceof AggregateError) return error.errors.map((one) => reasonOf(one, timeoutMs)).join('; ');
  const { message } = error as Error;
  return message === 'timeout expired' ? `no answer within ${timeoutMs} ms` : message;
}

function unusable(problem: string, cause?: unknown): ConfigurationError {
  return Object.assign(new ConfigurationError('Database', [problem]), { cause });
}
