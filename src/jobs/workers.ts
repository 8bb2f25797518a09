import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { JobsOptions } from './jobs.options.js';
import { PgBossService } from './pg-boss.service.js';
import { Queue, type QueueSettings } from './queue.js';
import { type Schedule, ScheduledJob } from './scheduled-job.js';
import { Shutdown } from './shutdown.js';

/** Starts and stops the processing of all queues and schedules; not in a process that only accepts. */
@Injectable()
export class Workers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #parts: { start(): Promise<void> }[] = [];

  constructor(
    private readonly options: JobsOptions,
    private readonly jobs: PgBossService,
    private readonly shutdown: Shutdown,
  ) {}

  /** A queue of this application. Call it in a constructor, and `process` on the result. */
  queue<Data extends object>(name: string, options: QueueSettings): Queue<Data> {
    const queue = new Queue<Data>(this.jobs, name, options);
    this.#parts.push(queue);
    return queue;
  }

  /** Repeats work on a schedule. Call it in a constructor. */
  schedule(schedule: Schedule): void {
    this.#parts.push(new ScheduledJob(this.jobs, schedule));
  }

  async onApplicationBootstrap(): Promise<void> {
    if (!this.options.works) return;
    await this.jobs.start();
    for (const part of this.#parts) await part.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.jobs.stop(this.shutdown.begin());
  }
}
