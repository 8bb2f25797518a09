import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { withoutTracing } from '../events/tracing.js';
import { JobsOptions } from './jobs.options.js';
import { PgBossService } from './pg-boss.service.js';
import { Queue, type QueueSettings } from './queue.js';
import { ScheduledJob, type Schedule } from './scheduled-job.js';
import { Shutdown } from './shutdown.js';

type JobSource = Pick<ScheduledJob, 'start' | 'stopFetching'>;

/**
 * Starts and stops all queues and schedules of this process; starts none in a process that only accepts.
 *
 * Every feature with jobs imports this module, and Nest calls hooks module by module: imports first at the start,
 * importers first at the shutdown. So jobs start after all `onModuleInit` hooks but before the features'
 * `onApplicationBootstrap`, and the dispatcher, the outbox and replays have stopped when pg-boss is stopped here.
 */
@Injectable()
export class Workers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #sources: JobSource[] = [];

  constructor(
    private readonly options: JobsOptions,
    private readonly jobs: PgBossService,
    private readonly shutdown: Shutdown,
  ) {}

  /** Declares a queue of this application. Call it in a constructor, and `process` on the result. */
  queue<Data extends object>(name: string, settings: QueueSettings): Queue<Data> {
    const queue = new Queue<Data>(this.jobs, name, settings);
    this.#sources.push(queue);
    return queue;
  }

  /** Declares work that is repeated on a schedule. Call it in a constructor. */
  schedule(schedule: Schedule): void {
    this.#sources.push(new ScheduledJob(this.jobs, schedule));
  }

  /** @throws when PostgreSQL or pg-boss refuses a queue. The application does not start then. */
  async onApplicationBootstrap(): Promise<void> {
    if (!this.options.works) return;
    await withoutTracing(async () => {
      await this.jobs.start();
      for (const source of this.#sources) await source.start();
    });
    // At once, not when it is this service's turn: other features may take until the deadline to stop.
    this.shutdown.signal.addEventListener('abort', () => {
      for (const source of this.#sources) void source.stopFetching();
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.jobs.stop();
  }
}
