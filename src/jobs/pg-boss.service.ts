import { Inject, Injectable, Logger } from '@nestjs/common';
import type { PoolConfig } from 'pg';
import { PgBoss } from 'pg-boss';
import type { DataSource, EntityManager } from 'typeorm';
import { loggableError } from '../errors/loggable-error.js';
import { POSTACK_DATA_SOURCE, poolOf } from '../database/data-source.js';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../postack.options.js';
import { onceSuccessful } from './once-successful.js';

/** How often somebody looks for jobs of processes that have died, in seconds. */
const SUPERVISE_SECONDS = 3;

/** A process that has not been heard of for so long has died, and its jobs are taken over. pg-boss's least. */
export const HEARTBEAT_SECONDS = 10;

/** Options of a queue whose jobs are tried again for about a day: after 5 s, doubling up to an hour, half more or less. */
export const TRIED_FOR_A_DAY = {
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
  readonly boss: PgBoss;
  readonly #logger = new Logger('PostackJobs');
  #isStarted = false;

  constructor(
    @Inject(POSTACK_OPTIONS) private readonly options: ResolvedPostackOptions,
    @Inject(POSTACK_DATA_SOURCE) dataSource: DataSource,
  ) {
    const pool = poolOf(dataSource).options as PoolConfig;
    const isWorking = options.role !== 'accept';
    this.boss = new PgBoss({
      ...(pool as object),
      // node-postgres keeps the password from being enumerated, and so from being spread.
      password: pool.password,
      max: options.jobsPoolSize,
      application_name: 'nestjs-postack jobs',
      schema: options.jobsSchema,
      supervise: isWorking,
      superviseIntervalSeconds: SUPERVISE_SECONDS,
      monitorIntervalSeconds: SUPERVISE_SECONDS,
      schedule: isWorking,
      // For the outbox; the listeners' workers have a signal of their own.
      useListenNotify: isWorking && options.api !== null,
      // A paused listener, or a replay, may well have many jobs; GET /api/v1/listeners tells.
      warningQueueSize: 1_000_000,
    });
    this.boss.on('error', (error) => {
      this.#logger.warn(`pg-boss: ${loggableError(error)}`);
    });
    this.boss.on('warning', ({ message }) => {
      this.#logger.warn(`pg-boss: ${message}`);
    });
  }

  /** Connects, once. A process that only accepts does so when somebody uses its admin API, not before. */
  readonly start = onceSuccessful(async () => {
    this.#isStarted = true;
    try {
      await this.boss.start();
    } catch (error) {
      this.#isStarted = false;
      throw error;
    }
  });

  /** Stops fetching, waits for what is running until `deadline` is over, closes the connections. */
  async stop(deadline: Promise<void>): Promise<void> {
    if (!this.#isStarted) return;
    const stopped = this.boss.stop({ graceful: true, close: true, timeout: this.options.shutdownTimeoutMs });
    await Promise.race([stopped, deadline]);
  }

  /** Puts pg-boss's statements into a transaction of ours: pass it as `db`. */
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
}
