import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { postackMigrations } from '../../migrations/index.js';
import { ConfigurationError } from '../errors/configuration-error.js';
import { postackEntities } from '../postack.entities.js';

/** Advisory lock held while migrating, so that several processes can start at once. Any unique number. */
const MIGRATION_LOCK = 0x6d696772;

/** Oldest PostgreSQL version that our SQL is tested with. */
const OLDEST_VERSION = 15;

const CONNECT_TIMEOUT_MS = 10_000;

/** Codes of OpenSSL for a certificate whose issuer is not known. */
const CERTIFICATE_FAULT =
  /^(?:SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(?:VERIFY|GET_ISSUER).*)$/;

/**
 * Opens the service's data source and runs the pending migrations.
 *
 * @throws {ConfigurationError} when the database cannot be reached or used, with the reason.
 */
export async function openDatabase(url: string, connectTimeoutMs = CONNECT_TIMEOUT_MS): Promise<DataSource> {
  const lock = await connect(url, connectTimeoutMs);
  const dataSource = new DataSource({
    type: 'postgres',
    extra: { connectionString: connectionString(url) },
    entities: postackEntities(),
    migrations: [...postackMigrations],
    migrationsTableName: 'postack_migrations',
    applicationName: 'nestjs-postack',
    connectTimeoutMS: connectTimeoutMs,
  });
  try {
    await lockMigrations(lock);
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

/**
 * Opens the data source that reaches the same database without a connection pooler.
 *
 * @throws {ConfigurationError} when it cannot be reached.
 */
export async function openDirectDatabase(url: string): Promise<DataSource> {
  const client = await connect(url, CONNECT_TIMEOUT_MS, 'POSTACK_DIRECT_DATABASE_URL');
  await client.end();
  const dataSource = new DataSource({
    type: 'postgres',
    extra: { connectionString: connectionString(url) },
    applicationName: 'nestjs-postack',
    // Only its settings are used.
    poolSize: 1,
  });
  return dataSource.initialize();
}

/**
 * Waits until no other process migrates; logs when it has to wait. The lock belongs to a transaction, which a connection
 * pooler cannot separate from it.
 */
async function lockMigrations(lock: Client): Promise<void> {
  await lock.query('BEGIN');
  const attempt = 'SELECT pg_try_advisory_xact_lock($1) AS taken';
  const { rows } = await lock.query<{ taken: boolean }>(attempt, [MIGRATION_LOCK]);
  if (rows[0]?.taken) return;
  new Logger('PostackService').log('Waiting for another process to finish migrating the database');
  await lock.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
}

async function connect(url: string, timeoutMs: number, setting = 'DATABASE_URL'): Promise<Client> {
  const target = targetOf(url, setting);
  try {
    const client = new Client({
      connectionString: connectionString(url),
      connectionTimeoutMillis: timeoutMs,
    });
    // If this connection is lost, the migrations fail too, and report it.
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ server_version_num: string }>('SHOW server_version_num');
    const version = Math.floor(Number(rows[0]?.server_version_num) / 10_000);
    if (version >= OLDEST_VERSION) return client;
    await client.end();
    throw new Error(`the server is PostgreSQL ${version}; version ${OLDEST_VERSION} or newer is required`);
  } catch (cause) {
    throw unusable(
      `cannot use PostgreSQL at ${target}: ${reasonOf(cause, timeoutMs)}. Check ${setting}`,
      cause,
    );
  }
}

/** Host, port and database of a connection string, without its credentials. */
function targetOf(url: string, setting: string): string {
  const parsed = /^postgres(?:ql)?:/.test(url) ? URL.parse(withHost(url)) : null;
  if (!parsed) {
    throw unusable(
      `${setting} must look like postgres://user:password@host:5432/database, with special characters in ` +
        'the user or the password percent-encoded (/ as %2F, # as %23); for a Unix socket, ' +
        'postgres://user@/database?host=/directory',
    );
  }
  const { hostname, port, pathname, searchParams } = parsed;
  const host = searchParams.get('host') ?? hostname;
  return `${host || 'localhost'}:${searchParams.get('port') ?? (port || '5432')}${pathname}`;
}

/** The same URL with a host: one of a Unix socket names its directory in the query, which no URL parser takes. */
function withHost(url: string): string {
  return url.replace(/^(\w+:\/\/(?:[^@/?]*@)?)(?=[/?]|$)/, '$1localhost');
}

/**
 * The connection string as node-postgres takes it. It treats these modes alike and warns about their names.
 *
 * @see https://www.postgresql.org/docs/current/libpq-ssl.html
 */
function connectionString(url: string): string {
  return url.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, '$1verify-full');
}

function reasonOf(error: unknown, timeoutMs: number): string {
  // Several addresses were tried: each has its own error, and the aggregate has no message.
  if (error instanceof AggregateError) return error.errors.map((one) => reasonOf(one, timeoutMs)).join('; ');
  const { message, code = '' } = error as Error & { code?: string };
  if (CERTIFICATE_FAULT.test(code)) {
    return (
      `the server's certificate is not trusted (${message}): add sslrootcert=/path/to/ca.pem to DATABASE_URL, or ` +
      'sslmode=no-verify to connect without verifying it'
    );
  }
  return message === 'timeout expired' ? `no response within ${timeoutMs} ms` : message;
}

function unusable(problem: string, cause?: unknown): ConfigurationError {
  return Object.assign(new ConfigurationError('Database', [problem]), { cause });
}
