import { Injectable, Logger } from '@nestjs/common';
import type { PoolConfig } from 'pg';
import { PgBoss } from 'pg-boss';
import type { EntityManager } from 'typeorm';
import { createSchema } from '../database/create-schema.js';
import { OWN_TYPES } from '../database/own-types.js';
import { poolOf } from '../database/pool.js';
import { PostackDatabase } from '../database/postack-database.js';
import { OutageLog } from '../errors/outage-log.js';
import { JobsOptions } from './jobs.options.js';
import { onceSuccessful } from './once-successful.js';
import { Shutdown } from './shutdown.js';

/** Interval of the search for jobs of dead processes. */
const SUPERVISE_SECONDS = 3;

/** Without a heartbeat for this long, a process counts as dead and its jobs are taken over. The minimum of pg-boss. */
export const HEARTBEAT_SECONDS = 10;

/** A statement without a response by then has failed, and its connection is replaced. */
const STATEMENT_TIMEOUT_MS = 8000;

/** Without an error of pg-boss for this long, its outage is over. */
const QUIET_MS = 10_000;

/** The same warning is logged again after this time. */
const SAME_WARNING_MS = 10 * 60_000;

/** Reserved at the end of a shutdown for giving unfinished jobs back and closing connections. */
const CLOSE_MS = 500;

/** The shortest time that pg-boss waits for running jobs; asked for less, it waits this long. */
const MIN_GRACE_MS = 1000;

/** Settings of a queue whose jobs are retried for about a day: after 5 s, doubling up to 1 h, ±50 % jitter. */
export const RETRY_FOR_A_DAY = {
  retryLimit: 30,
  retryDelay: 5,
  retryBackoff: true,
  retryDelayMax: 3600,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  expireInSeconds: 60,
  retentionSeconds: 14 * 86_400,
  deleteAfterSeconds: 86_400,
};

/** The part of pg-boss's database adapter that is used here. */
export interface JobDatabase {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/**
 * pg-boss, on the same PostgreSQL and with the same credentials as the data source, but with a small pool of its
 * own: a busy listener does not take connections from the host, and LISTEN needs a connection that stays.
 */
@Injectable()
export class PgBossService {
  /** Whether a queue has its new jobs announced to this process by NOTIFY. Set before the start. */
  listensForJobs = false;
  readonly #logger = new Logger('PostackJobs');
  readonly #outage = new OutageLog(this.#logger);
  #quiet: NodeJS.Timeout | undefined;
  #boss: PgBoss | undefined;

  constructor(
    private readonly options: JobsOptions,
    private readonly database: PostackDatabase,
    private readonly shutdown: Shutdown,
  ) {}

  /** @internal Else declarations of ours would need those of pg-boss. */
  get boss(): PgBoss {
    return (this.#boss ??= this.#create());
  }

  /** Whether notifications arrive: not through a pooler. */
  get canListen(): boolean {
    return this.database.sessions !== null;
  }

  /**
   * Connects, once. A process that only accepts does so when its admin API enqueues the first job.
   *
   * @throws when PostgreSQL is unavailable, or the process is shutting down. Can be called again.
   */
  readonly start = onceSuccessful(async () => {
    // Started after `stop`, it would keep its connections, and with them the process.
    if (this.shutdown.signal.aborted) throw new Error('Job queues not started: the process is shutting down');
    await this.#ensureSchema();
    try {
      await this.boss.start();
    } catch (error) {
      // pg-boss keeps the timers and connections of a failed start until it is stopped.
      await this.boss.stop({ graceful: false }).catch(() => undefined);
      throw error;
    }
  });

  /**
   * Stops fetching, waits for running jobs, and closes the connections, until the deadline of the shutdown. Jobs that
   * are still running shortly before it are given back, to be retried by another process.
   */
  async stop(): Promise<void> {
    const deadline = this.shutdown.begin();
    if (!this.#boss) return;
    const timeout = this.shutdown.remainingMs - CLOSE_MS;
    const stopped = this.#boss.stop({ graceful: timeout >= MIN_GRACE_MS, timeout });
    await Promise.race([stopped, deadline]);
  }

  /** Removes queues that a former version has used, with the jobs in them. */
  async removeQueues(isFormer: (name: string) => boolean): Promise<void> {
    await this.start();
    for (const { name } of await this.boss.getQueues()) {
      if (!isFormer(name)) continue;
      await this.boss.deleteQueue(name);
      this.#logger.log(`Removed queue ${name} of a former version`);
    }
  }

  /** Runs statements of pg-boss in the transaction of `manager`: pass it as `db`. */
  within(manager: EntityManager): JobDatabase {
    return {
      executeSql: async (text, values) => {
        const result: unknown = await manager.queryRunner?.query(text, values, true);
        return { rows: (result as { records?: unknown[] }).records ?? [] };
      },
    };
  }

  /** Calls `onNotification` with each payload on a channel, and with `''` when payloads may have been missed. */
  async listen(
    channel: string,
    onNotification: (payload: string) => void,
  ): Promise<{ close(): Promise<void> }> {
    if (!this.canListen) return { close: () => Promise.resolve() };
    const handle = await this.boss.getDb().listen?.(channel, onNotification, () => {
      onNotification('');
    });
    return handle ?? { close: () => Promise.resolve() };
  }

  /** pg-boss creates it "if it does not exist", which needs a right that the role may lack. */
  async #ensureSchema(): Promise<void> {
    const name = this.options.jobsSchema;
    const sql = 'SELECT to_regnamespace($1) IS NOT NULL AS exists';
    const [{ exists }] = await this.database.query<[{ exists: boolean }]>(sql, [name]);
    if (!exists) await createSchema(name, (text) => this.database.query(text));
  }

  /** pg-boss reports each failed statement, but no success. */
  #failed(error: unknown): void {
    this.#outage.failure('Job queues', error);
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => {
      this.#outage.recovery();
    }, QUIET_MS).unref();
  }

  #create(): PgBoss {
    const { jobsPoolSize, jobsSchema, works } = this.options;
    const pool = poolOf(this.database.sessions ?? this.database.dataSource).options as PoolConfig;
    const boss = new PgBoss({
      ...({ ...pool, keepAlive: true, query_timeout: STATEMENT_TIMEOUT_MS, types: OWN_TYPES } as object),
      // node-postgres makes the password non-enumerable, so spreading leaves it out.
      password: pool.password,
      max: jobsPoolSize,
      connectionTimeoutMillis: STATEMENT_TIMEOUT_MS,
      application_name: 'nestjs-postack jobs',
      schema: jobsSchema,
      createSchema: false,
      supervise: works,
      superviseIntervalSeconds: SUPERVISE_SECONDS,
      monitorIntervalSeconds: SUPERVISE_SECONDS,
      schedule: works,
      useListenNotify: works && this.listensForJobs && this.canListen,
      // A paused listener or a replay may have many jobs; GET /api/v1/listeners shows them.
      warningQueueSize: 1_000_000,
    });
    boss.on('error', (error) => {
      this.#failed(error);
    });
    const warned = new Map<string, number>();
    boss.on('warning', ({ message }) => {
      if (performance.now() - (warned.get(message) ?? -Infinity) < SAME_WARNING_MS) return;
      warned.set(message, performance.now());
      this.#logger.warn(`pg-boss: ${message}`);
    });
    return boss;
  }
}
