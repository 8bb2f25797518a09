import { hostname } from 'node:os';
import { Injectable, Logger } from '@nestjs/common';
import { OwnPool } from '../database/own-pool.js';
import { poolOf } from '../database/pool.js';
import { PostackDatabase } from '../database/postack-database.js';
import { OutageLog } from '../errors/outage-log.js';
import { JobsOptions } from './jobs.options.js';
import { PACKAGE_VERSION } from './package-version.js';
import { WorkerEntity } from './worker.entity.js';
import { Lease } from './lease.js';

/** Heartbeats in the time after which a process counts as dead. */
const BEATS = 5;

/** What has to be done with the work of leases that have ended. */
export interface LeaseObserver {
  /** Releases what is held under leases that no longer exist. Called after each heartbeat. */
  release(): Promise<void>;
  /** Gives back what is held under a lease, of which this process knows nothing. */
  giveBackAll(leaseId: string): Promise<void>;
}

/**
 * Keeps this process's row in `worker` alive, and releases the deliveries of processes that have died. After a statement
 * whose outcome is unknown, a new lease is begun: what the statement may have taken under the old one is released once
 * everything that is known to be held under it is settled.
 */
@Injectable()
export class Leases {
  readonly #outage = new OutageLog(new Logger('PostackDispatch'));
  readonly #logger = new Logger('PostackDispatch');
  readonly #former = new Set<Lease>();
  readonly #table: string;
  #handlers: readonly string[] = [];
  #observer: LeaseObserver | undefined;
  #current: Lease;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();
  /** Since when heartbeats have succeeded: after an outage, others get time to send theirs. */
  #aliveSinceMs = Infinity;

  constructor(
    private readonly database: PostackDatabase,
    private readonly pool: OwnPool,
    private readonly options: JobsOptions,
  ) {
    this.#table = database.table(WorkerEntity);
    this.#current = new Lease(this.options.workerTimeoutMs);
  }

  /** Registers this process, with the names of its handlers. @throws when PostgreSQL is unavailable. */
  async start(handlers: readonly string[], observer: LeaseObserver): Promise<void> {
    this.#handlers = handlers;
    this.#observer = observer;
    await this.#beat();
    this.#timer = setInterval(() => {
      this.#beatSoon();
    }, this.options.workerTimeoutMs / BEATS);
  }

  /** The lease to take deliveries under; `undefined` while heartbeats fail. */
  get current(): Lease | undefined {
    return this.#current.isFresh ? this.#current : undefined;
  }

  /** A statement that takes deliveries under this lease has failed: it may have been committed all the same. */
  doubt(lease: Lease): void {
    if (lease !== this.#current) return;
    this.#former.add(lease);
    this.#current = new Lease(this.options.workerTimeoutMs);
    this.#beatSoon();
  }

  /** Removes the process's row. What it still holds is released by others. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    const ids = [this.#current, ...this.#former].map(({ id }) => id);
    await this.pool
      .query({
        text: `DELETE FROM ${this.#table} WHERE id = ANY ($1::uuid[])`,
        values: [ids],
        timeoutMs: 2000,
      })
      // The row expires.
      .catch(() => undefined);
  }

  #beatSoon(): void {
    this.#beating = this.#beating.then(() => this.#beatAndRelease());
  }

  async #beatAndRelease(): Promise<void> {
    try {
      await this.#beat();
      await this.#endFormer();
      if (performance.now() - this.#aliveSinceMs > this.options.workerTimeoutMs) await this.#expireDead();
      await this.#observer?.release();
      this.#outage.recovery();
    } catch (error) {
      this.#outage.failure('Heartbeat', error);
    }
  }

  async #beat(): Promise<void> {
    const leases = [this.#current, ...this.#former];
    const sentAtMs = performance.now();
    try {
      const rows = await this.pool.query<{ id: string }>({
        name: 'postack_heartbeat',
        text: BEAT(this.#table),
        values: [
          leases.filter(({ isRegistered }) => isRegistered).map(({ id }) => id),
          this.#current.isRegistered ? null : this.#current.id,
          hostname(),
          process.pid,
          this.options.role,
          PACKAGE_VERSION,
          this.#handlers,
          this.pool.connections + poolOf(this.database.dataSource).totalCount,
        ],
      });
      const alive = new Set(rows.map(({ id }) => id));
      for (const lease of leases) {
        if (alive.has(lease.id)) lease.confirm(sentAtMs);
        else lease.lose();
      }
      this.#aliveSinceMs = Math.min(this.#aliveSinceMs, sentAtMs);
    } catch (error) {
      this.#aliveSinceMs = Infinity;
      throw error;
    }
    if (!this.#current.isLost) return;
    this.#logger.warn('This process was taken for dead, and its deliveries were released; starting over');
    this.#current = new Lease(this.options.workerTimeoutMs);
    await this.#beat();
  }

  /** Gives back what a lease in doubt may hold without this process knowing it. */
  async #endFormer(): Promise<void> {
    for (const lease of this.#former) {
      if (lease.held > 0) continue;
      await this.#observer?.giveBackAll(lease.id);
      await this.pool.query({ text: `DELETE FROM ${this.#table} WHERE id = $1`, values: [lease.id] });
      this.#former.delete(lease);
    }
  }

  async #expireDead(): Promise<void> {
    const { workerTimeoutMs } = this.options;
    const dead = await this.pool.query<{ host: string; pid: number }>({
      text: `DELETE FROM ${this.#table}
        WHERE heartbeat_at < clock_timestamp() - make_interval(secs => $1::float8 / 1000) RETURNING host, pid`,
      values: [workerTimeoutMs],
    });
    for (const { host, pid } of dead) {
      this.#logger.warn(
        `Process ${pid} on ${host} not seen for ${workerTimeoutMs / 1000} s; releasing its deliveries`,
      );
    }
  }
}

/** Renews the rows of all leases; inserts that of a new one. Resolves to the rows that exist. */
const BEAT = (worker: string) => `
  WITH renewed AS (
    UPDATE ${worker} SET heartbeat_at = clock_timestamp(), connections = $8 WHERE id = ANY ($1::uuid[]) RETURNING id
  ), begun AS (
    INSERT INTO ${worker} (id, host, pid, role, version, handlers, connections)
    SELECT $2::uuid, $3, $4, $5, $6, $7::text[], $8 WHERE $2::uuid IS NOT NULL
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp() RETURNING id
  )
  SELECT id FROM renewed UNION ALL SELECT id FROM begun`;
