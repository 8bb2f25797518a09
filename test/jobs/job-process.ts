import { DataSource } from 'typeorm';
import { PostackDatabase } from '../../src/database/postack-database.js';
import { JobsOptions, type JobsOptionsInput } from '../../src/jobs/jobs.options.js';
import { Notifications } from '../../src/jobs/notifications.js';
import { PgBossService } from '../../src/jobs/pg-boss.service.js';
import { Shutdown } from '../../src/jobs/shutdown.js';
import { Workers } from '../../src/jobs/workers.js';
import type { TestDatabase } from '../support/test-database.js';

/** What `JobsModule` provides, as one process of an application has it. */
export interface JobProcess {
  database: PostackDatabase;
  jobs: PgBossService;
  workers: Workers;
  notifications: Notifications;
  shutdown: Shutdown;
}

/** Such processes on one database. */
export class JobProcesses {
  readonly #made: JobProcess[] = [];

  constructor(private readonly database: TestDatabase) {}

  /** A process that has not been started: declare its queues, then call `workers.onApplicationBootstrap()`. */
  async make(given: JobsOptionsInput = {}): Promise<JobProcess> {
    const options = new JobsOptions(given);
    const dataSource = await new DataSource({ type: 'postgres', url: this.database.url }).initialize();
    const database = new PostackDatabase(dataSource);
    const shutdown = new Shutdown(options);
    const jobs = new PgBossService(options, database, shutdown);
    const workers = new Workers(options, jobs, shutdown);
    const made = { database, jobs, workers, notifications: new Notifications(jobs), shutdown };
    this.#made.push(made);
    return made;
  }

  /** Stops all of them. */
  async clear(): Promise<void> {
    for (const { workers, database } of this.#made.splice(0)) {
      await workers.beforeApplicationShutdown();
      await database.dataSource.destroy();
    }
  }

  /** How many connections to pg-boss's tables are open. */
  async connections(): Promise<number> {
    const [row] = await this.database.query<{ count: number }>(
      `SELECT count(*)::int FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'nestjs-postack jobs'`,
    );
    return row!.count;
  }
}
