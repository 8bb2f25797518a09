import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { embeddedFailure } from './embedded-failure.js';
import { SUPERUSER } from './initialise-cluster.js';
import { PASSWORD_FILE, type PostgresCluster } from './postgres-cluster.js';

const DATABASE = 'postgres';

/** Advisory lock of the service that owns a running database. Any unique number. */
const OWNER_LOCK = 0x706f7374;

/** By then, the lock of a killed or stopping service is released. */
const OWNER_TIMEOUT_MS = 3000;

/** For a database that recovers from a crash, or writes its data to disk while stopping. */
const RECOVERY_TIMEOUT_MS = 120_000;

const PAUSE_MS = 100;

const CONNECT_TIMEOUT_MS = 10_000;

/** SQLSTATE: starting up, shutting down or recovering. */
const CANNOT_CONNECT_NOW = '57P03';
const INVALID_PASSWORD = '28P01';

/** A running database, and the connection that holds its owner lock. */
export interface OwnedCluster {
  url: string;
  port: number;
  /** Holds the owner lock: without it, the first of two services to stop would stop the database of the other. */
  owner: Client;
}

/** Why an attempt to own the database failed, and for how long to retry. */
interface FailedAttempt {
  problem: string;
  retryForMs: number;
  cause?: unknown;
}

/**
 * Starts the database, or takes over one that a killed service left running.
 *
 * @param port Port to start it on. Default: a free one.
 * @throws {ConfigurationError} when it does not start, or another service owns it.
 */
export async function bringUp(cluster: PostgresCluster, port?: number): Promise<OwnedCluster> {
  const since = Date.now();
  let isStartedHere = false;
  for (;;) {
    if (!(await cluster.isRunning())) {
      await cluster.start(port);
      isStartedHere = true;
    }
    const result = await own(cluster);
    if ('owner' in result) return result;
    if (Date.now() - since > result.retryForMs) {
      if (isStartedHere && result.problem !== OTHER_OWNER) await cluster.stop();
      throw embeddedFailure(result.problem.replace('%', cluster.home), result.cause);
    }
    await sleep(PAUSE_MS);
  }
}

const OTHER_OWNER =
  'another service is using %. Stop it, set POSTACK_DATA_DIR to another directory, or set DATABASE_URL in both ' +
  'services to share one database';

async function own(cluster: PostgresCluster): Promise<OwnedCluster | FailedAttempt> {
  const port = await cluster.port();
  if (port === undefined)
    return {
      problem: `${join(cluster.directory, 'postmaster.pid')} contains no port`,
      retryForMs: OWNER_TIMEOUT_MS,
    };
  const url = `postgres://${SUPERUSER}:${cluster.password}@127.0.0.1:${port}/${DATABASE}`;
  const owner = new Client({
    connectionString: url,
    application_name: `nestjs-postack ${process.pid}`,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // A lost connection also emits "end", which is handled.
  owner.on('error', () => undefined);
  try {
    await owner.connect();
    const lock = 'SELECT pg_try_advisory_lock($1) AS owned';
    const { rows } = await owner.query<{ owned: boolean }>(lock, [OWNER_LOCK]);
    if (rows[0]?.owned) return { url, port, owner };
    await owner.end();
    return { problem: OTHER_OWNER, retryForMs: OWNER_TIMEOUT_MS };
  } catch (cause) {
    return failedAttempt(cluster, cause as Error & { code?: string });
  }
}

function failedAttempt(cluster: PostgresCluster, cause: Error & { code?: string }): FailedAttempt {
  const { directory, home, logFile } = cluster;
  if (cause.code === INVALID_PASSWORD) {
    const problem =
      `the password in ${join(home, PASSWORD_FILE)} is wrong for the database in ${directory}. Restore that file ` +
      'from a backup, or delete both to start with an empty database';
    return { problem, retryForMs: 0, cause };
  }
  if (cause.code === CANNOT_CONNECT_NOW) {
    const problem = `not ready within ${RECOVERY_TIMEOUT_MS / 1000} s (${cause.message}). See its log: ${logFile}`;
    return { problem, retryForMs: RECOVERY_TIMEOUT_MS, cause };
  }
  const problem =
    `it does not accept connections (${cause.message}). See its log: ${logFile}. If no PostgreSQL process uses ` +
    `this directory, ${join(directory, 'postmaster.pid')} is stale: delete that file and start again`;
  return { problem, retryForMs: OWNER_TIMEOUT_MS, cause };
}
