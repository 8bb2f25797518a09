import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { SUPERUSER } from '../../src/service/embedded-postgres/initialise-cluster.js';
import { PostgresCluster } from '../../src/service/embedded-postgres/postgres-cluster.js';
import { openDataSource } from '../support/test-database.js';
import { waitUntil } from '../support/wait-until.js';
import { createCallTable } from './books.js';

/** How to end PostgreSQL: in an orderly way, at once without a checkpoint, or by killing its first process. */
export type PostgresEnd = 'stop' | 'immediate' | 'kill';

const SIGNALS = { stop: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' } as const;

/** A PostgreSQL that belongs to one test and can be killed; it comes back at the same address. */
export class OwnPostgres {
  private constructor(
    private readonly cluster: PostgresCluster,
    private readonly port: number,
  ) {}

  /** Starts it, with the package's tables and the tests' own. */
  static async start(): Promise<OwnPostgres> {
    const cluster = await PostgresCluster.open(await mkdtemp(join(tmpdir(), 'nestjs-postack-test-')));
    await cluster.start();
    const postgres = new OwnPostgres(cluster, (await cluster.port())!);
    const dataSource = await openDataSource(postgres.url);
    await dataSource.destroy();
    await createCallTable(postgres);
    return postgres;
  }

  get url(): string {
    return `postgres://${SUPERUSER}:${this.cluster.password}@127.0.0.1:${this.port}/postgres`;
  }

  /** One statement on a connection of its own. */
  async query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]> {
    const client = new Client({ connectionString: this.url });
    await client.connect();
    try {
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** Cuts every connection but its own. */
  async cutConnections(): Promise<void> {
    await this.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    );
  }

  /** Ends it; when this returns, it is down. */
  async end(how: PostgresEnd): Promise<void> {
    const text = await readFile(join(this.cluster.directory, 'postmaster.pid'), 'utf8');
    process.kill(Number(text.split('\n')[0]), SIGNALS[how]);
    const isDown = async () => !(await this.cluster.isRunning()) || undefined;
    await waitUntil(isDown, { what: () => 'PostgreSQL to end', timeoutMs: 30_000 });
  }

  /** Starts it again. */
  async startAgain(): Promise<void> {
    let problem: unknown;
    const isUp = async () => {
      try {
        if (!(await this.cluster.isRunning())) await this.cluster.start(this.port);
        await this.query('SELECT 1');
        return true;
      } catch (error) {
        // What a killed one has left running keeps its memory for a moment.
        problem = error;
        return undefined;
      }
    };
    await waitUntil(isUp, { what: () => `PostgreSQL to start: ${String(problem)}`, timeoutMs: 60_000 });
  }

  /** Stops it and removes its files. */
  async remove(): Promise<void> {
    await this.cluster.stop();
    await rm(this.cluster.home, { recursive: true, force: true });
  }
}
