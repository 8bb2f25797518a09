import { Injectable, Logger } from '@nestjs/common';
import type { PoolConfig } from 'pg';
import { PgBoss } from 'pg-boss';
import type { EntityManager } from 'typeorm';
import { loggableError } from '../errors/loggable-error.js';
import { PostackDatabase } from '../database/postack-database.js';
import { JobsOptions } from './jobs.options.js';
import { onceSuccessful } from './once-successful.js';

/** Interval of looking for jobs of processes that have died. */
const SUPERVISE_SECONDS = 3;

/** A process without a heartbeat for this long is considered dead, and its jobs are taken over. The minimum of pg-boss. */
export const HEARTBEAT_SECONDS = 10;

/** Options of a queue whose jobs are retried for about a day: after 5 s, doubling up to 1 h, ±50 % jitter. */
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
  /** Whether new jobs of some queue are to be announced to this process by NOTIFY. Decided before the start. */
  listensForJobs = false;
  readonly #logger = new Logger('PostackJobs');
  #boss: PgBoss | undefined;
  #isStarted = false;

  constructor(
    private readonly options: JobsOptions,
    private readonly database: PostackDatabase,
  ) {}

  get boss(): PgBoss {
    return (this.#boss ??= this.#create());
  }

  /** Connects, once. A process that only accepts does so when its admin API is used, not before. */
  readonly start = onceSuccessful(async () => {
    this.#isStarted = true;
    try {
      await this.boss.start();
    } catch (error) {
      this.#isStarted = false;
      throw error;
    }
  });

  /** Stops fetching, waits for running jobs until `deadline` resolves, closes the connections. */
  async stop(deadline: Promise<void>): Promise<void> {
    if (!this.#isStarted) return;
    const stopped = this.boss.stop({ graceful: true, close: true, timeout: this.options.shutdownTimeoutMs });
    await Promise.race([stopped, deadline]);
  }

  /** Runs pg-boss's statements in a transaction of ours: pass it as `db`. */
  within(manager: EntityManager): JobDatabase {
    return {
      executeSql: async (text, values) => {
        const result: unknown = await manager.queryRunner?.query(text, values, true);
        return { rows: (result as { records?: unknown[] }).records ?? [] };
      },
    };
  }

  /** Calls `onNotification` for each NOTIFY on a channel, and whenever one may have been missed. */
  async listen(
    channel: string,
    onNotification: (payload: string) => void,
  ): Promise<{ close(): Promise<void> }> {
    const handle = await this.boss.getDb().listen?.(channel, onNotification, () => {
      onNotification('');
    });
    return handle ?? { close: () => Promise.resolve() };
  }

  #create(): PgBoss {
    const { jobsPoolSize, jobsSchema, works } = this.options;
    const pool = this.database.pool.options as PoolConfig;
    const boss = new PgBoss({
      ...(pool as object),
      // node-postgres makes the password non-enumerable, so spreading leaves it out.
      password: pool.password,
      max: jobsPoolSize,
      application_name: 'nestjs-postack jobs',
      schema: jobsSchema,
      supervise: works,
      superviseIntervalSeconds: SUPERVISE_SECONDS,
      monitorIntervalSeconds: SUPERVISE_SECONDS,
      schedule: works,
      useListenNotify: works && this.listensForJobs,
      // A paused listener or a replay may have many jobs; GET /api/v1/listeners shows them.
      warningQueueSize: 1_000_000,
    });
    boss.on('error', (error) => {
      this.#logger.warn(`pg-boss: ${loggableError(error)}`);
    });
    boss.on('warning', ({ message }) => {
      this.#logger.warn(`pg-boss: ${message}`);
    });
    return boss;
  }
}
