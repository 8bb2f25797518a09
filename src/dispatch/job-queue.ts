import { Inject, Injectable, Logger } from '@nestjs/common';
import type { PoolConfig } from 'pg';
import { PgBoss } from 'pg-boss';
import type { DataSource, QueryRunner } from 'typeorm';
import { loggableError } from '../loggable-error.js';
import { POSTACK_DATA_SOURCE, poolOf } from '../postack.data-source.js';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../postack.options.js';

/** How often somebody looks for jobs of processes that have died, in seconds. */
const SUPERVISE_SECONDS = 3;

/** A job of one handler for one event. */
export interface EventJob {
  /** `InboxEventEntity.id`. */
  eventId: string;
}

/** The part of pg-boss's database adapter that is used here. */
export interface JobDatabase {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/**
 * pg-boss, on the same PostgreSQL and with the same credentials as the data source, but with a small pool of its
 * own: a busy listener does not take connections from the host, and LISTEN needs a connection that stays.
 */
@Injectable()
export class JobQueue {
  readonly boss: PgBoss;
  readonly #logger = new Logger('PostackJobs');

  constructor(
    @Inject(POSTACK_OPTIONS) private readonly options: ResolvedPostackOptions,
    @Inject(POSTACK_DATA_SOURCE) dataSource: DataSource,
  ) {
    const pool = poolOf(dataSource).options as PoolConfig;
    this.boss = new PgBoss({
      ...(pool as object),
      // node-postgres keeps the password from being enumerated, and so from being spread.
      password: pool.password,
      max: options.jobsPoolSize,
      application_name: 'nestjs-postack jobs',
      schema: options.jobsSchema,
      useListenNotify: true,
      superviseIntervalSeconds: SUPERVISE_SECONDS,
      monitorIntervalSeconds: SUPERVISE_SECONDS,
      schedule: false,
    });
    this.boss.on('error', (error) => {
      this.#logger.warn(`pg-boss: ${loggableError(error)}`);
    });
    this.boss.on('warning', ({ message }) => {
      this.#logger.warn(`pg-boss: ${message}`);
    });
  }

  async start(): Promise<void> {
    await this.boss.start();
  }

  /** Stops fetching, waits for what is running (at most `shutdownTimeoutMs`), closes the connections. */
  async stop(): Promise<void> {
    await this.boss.stop({ graceful: true, close: true, timeout: this.options.shutdownTimeoutMs });
  }

  /** Puts pg-boss's statements into a transaction of ours. */
  within(queryRunner: QueryRunner): JobDatabase {
    return {
      executeSql: async (text, values) => {
        const { records } = (await queryRunner.query(text, values, true)) as { records: unknown[] };
        return { rows: records };
      },
    };
  }

  /** Calls `onNotification` for each NOTIFY on a channel, and whenever one may have been missed. */
  async listen(channel: string, onNotification: () => void): Promise<{ close(): Promise<void> }> {
    const handle = await this.boss.getDb().listen?.(channel, onNotification, onNotification);
    return handle ?? { close: () => Promise.resolve() };
  }
}
