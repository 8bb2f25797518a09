import type { JobInsert, JobWithMetadata, Queue as PgBossQueue, WorkOptions } from 'pg-boss';
import type { EntityManager } from 'typeorm';
import { onceSuccessful } from './once-successful.js';
import type { PgBossService } from './pg-boss.service.js';

/** How a job is enqueued. */
export interface SendOptions {
  /** Enqueues it in this transaction. */
  manager: EntityManager;
  /** Not to be processed before. Default: at once. */
  startAfter?: Date | null;
}

/** What processes one job. Whatever it throws makes pg-boss retry the job, by the options of its queue. */
export type JobHandler<Data> = (job: JobWithMetadata<Data>) => Promise<void>;

/** How jobs are processed: at most `concurrency` at once, looked for every `pollSeconds`. */
export interface ProcessOptions {
  /** Default 1. */
  concurrency?: number;
  /** Default 2. */
  pollSeconds?: number;
  /** The interval while jobs are announced by NOTIFY; queues with `notify` only. */
  pollSecondsWithNotify?: number;
}

/** The settings of a queue, as pg-boss has them. */
export type QueueSettings = Omit<PgBossQueue, 'name'>;

/** A queue of pg-boss. Made by `Workers.queue`, which also starts and stops its processing. */
export class Queue<Data extends object> {
  #processing: { handler: JobHandler<Data>; options: WorkOptions } | undefined;

  constructor(
    private readonly jobs: PgBossService,
    readonly name: string,
    private readonly options: QueueSettings,
  ) {}

  /** Creates the queue, once, or brings an existing one to these options. Required before `send`. */
  readonly prepare = onceSuccessful(async () => {
    await this.jobs.start();
    const { policy, ...options } = this.options;
    await this.jobs.boss.createQueue(this.name, { ...options, policy: policy ?? 'standard' });
    await this.jobs.boss.updateQueue(this.name, options);
  });

  /** Enqueues a job. */
  send(data: Data, options: SendOptions): Promise<void> {
    return this.sendAll([data], options);
  }

  /** Enqueues several jobs in one statement. */
  async sendAll(data: readonly Data[], { manager, startAfter }: SendOptions): Promise<void> {
    await this.prepare();
    const jobs = data.map((one): JobInsert<Data> => ({ data: one, ...(startAfter && { startAfter }) }));
    await this.jobs.boss.insert(this.name, jobs, { db: this.jobs.within(manager) });
  }

  /**
   * Enqueues a job unless one with the same key is waiting already. For queues with the policy `stately`.
   *
   * @param key Of which one job may be active and one more waiting.
   */
  async sendOnce(key: string, data: Data, { manager }: Pick<SendOptions, 'manager'>): Promise<void> {
    await this.prepare();
    await this.jobs.boss.send(this.name, data, { singletonKey: key, db: this.jobs.within(manager) });
  }

  /** Processes the jobs of this queue in processes that work, from the application's bootstrap to its shutdown. */
  process(handler: JobHandler<Data>, options: ProcessOptions = {}): void {
    const { concurrency = 1, pollSeconds = 2, pollSecondsWithNotify } = options;
    if (pollSecondsWithNotify !== undefined) this.jobs.listensForJobs = true;
    this.#processing = {
      handler,
      options: {
        localConcurrency: concurrency,
        pollingIntervalSeconds: pollSeconds,
        ...(pollSecondsWithNotify !== undefined && { notifyPollingIntervalSeconds: pollSecondsWithNotify }),
      },
    };
  }

  /** Called by `Workers`. */
  async start(): Promise<void> {
    if (!this.#processing) return;
    const { handler, options } = this.#processing;
    await this.prepare();
    await this.jobs.boss.work<Data>(this.name, { ...options, includeMetadata: true }, async ([job]) => {
      if (job) await handler(job as JobWithMetadata<Data>);
    });
  }
}
