import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { embeddedFailure } from './embedded-failure.js';
import { SUPERUSER } from './initialise-cluster.js';
import { PASSWORD_FILE, type PostgresCluster } from './postgres-cluster.js';

const DATABASE = 'postgres';

/** Any number that nobody else uses: held by the service that a running database belongs to. */
const OWNER_LOCK = 0x706f7374;

/** A killed service's hold on the database is gone by then, and a stopping one's too. */
const PATIENCE_MS = 3000;

/** A database that recovers from a crash, or writes everything to disk to stop, may take so long. */
const RECOVERY_PATIENCE_MS = 120_000;

const PAUSE_MS = 100;

const CONNECT_TIMEOUT_MS = 10_000;

/** SQLSTATE: starting up, shutting down or recovering. */
const CANNOT_CONNECT_NOW = '57P03';
const INVALID_PASSWORD = '28P01';

/** A running database, and the connection that makes it this service's own. */
export interface OwnedCluster {
  url: string;
  port: number;
  /** Whoever has this connection owns the database: the first of two to stop would stop it for the other. */
  owner: Client;
}

/** Why the database could not be had at one moment; it may be different in the next. */
interface Obstacle {
  problem: string;
  patienceMs: number;
  cause?: unknown;
}

/**
 * Starts the database, or takes over one that a killed service left running.
 *
 * @param port To start it on. Default: a free one.
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
    if (Date.now() - since > result.patienceMs) {
      if (isStartedHere && result.problem !== OTHER_OWNER) await cluster.stop();
      throw embeddedFailure(result.problem.replace('%', cluster.home), result.cause);
    }
    await sleep(PAUSE_MS);
  }
}

const OTHER_OWNER =
  'another service is running on %. Stop it first; or give this one a POSTACK_DATA_DIR of its own; or set ' +
  'DATABASE_URL in both, to share one database';

async function own(cluster: PostgresCluster): Promise<OwnedCluster | Obstacle> {
  const port = await cluster.port();
  if (port === undefined) return { problem: `${cluster.directory} tells no port`, patienceMs: PATIENCE_MS };
  const url = `postgres://${SUPERUSER}:${cluster.password}@127.0.0.1:${port}/${DATABASE}`;
  const owner = new Client({
    connectionString: url,
    application_name: `nestjs-postack ${process.pid}`,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // Losing it is told by its event "end".
  owner.on('error', () => undefined);
  try {
    await owner.connect();
    const lock = 'SELECT pg_try_advisory_lock($1) AS owned';
    const { rows } = await owner.query<{ owned: boolean }>(lock, [OWNER_LOCK]);
    if (rows[0]?.owned) return { url, port, owner };
    await owner.end();
    return { problem: OTHER_OWNER, patienceMs: PATIENCE_MS };
  } catch (cause) {
    return obstacle(cluster, cause as Error & { code?: string });
  }
}

function obstacle(cluster: PostgresCluster, cause: Error & { code?: string }): Obstacle {
  const { directory, home, logFile } = cluster;
  if (cause.code === INVALID_PASSWORD) {
    const problem =
      `the password in ${join(home, PASSWORD_FILE)} does not open the database in ${directory}. Restore that ` +
      'file from a backup; or, if you need nothing of the database, delete both and start again';
    return { problem, patienceMs: 0, cause };
  }
  if (cause.code === CANNOT_CONNECT_NOW) {
    const problem = `it does not get ready (${cause.message}). Its log is ${logFile}`;
    return { problem, patienceMs: RECOVERY_PATIENCE_MS, cause };
  }
  const problem =
    `it does not take connections (${cause.message}). Its log is ${logFile}. If no PostgreSQL is running on it, ` +
    `${join(directory, 'postmaster.pid')} is a leftover: delete that file and start again`;
  return { problem, patienceMs: PATIENCE_MS, cause };
}
