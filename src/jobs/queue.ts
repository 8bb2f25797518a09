import type { JobInsert, WorkOptions } from 'pg-boss';
import type { EntityManager } from 'typeorm';
import { onceSuccessful } from './once-successful.js';
import type { PgBossService } from './pg-boss.service.js';

/** How a job is enqueued. */
export interface SendOptions {
  /** Of the transaction that enqueues it. */
  manager: EntityManager;
  /** The earliest time of processing. Default: at once. */
  startAfter?: Date | null;
}

/** A job as its handler gets it. Declared here, so that no declaration of ours needs those of pg-boss. */
export interface Job<Data> {
  id: string;
  data: Data;
  /** How often it was retried before. */
  retryCount: number;
  retryLimit: number;
  /** Aborted when it has run longer than its queue allows, or pg-boss is stopped. */
  signal: AbortSignal;
}

/** Processes one job. When it rejects, pg-boss retries the job by the settings of its queue. */
export type JobHandler<Data> = (job: Job<Data>) => Promise<void>;

/** How a process works on the jobs of a queue. */
export interface ProcessOptions {
  /** Maximum number of jobs at once in this process. Default 1. */
  concurrency?: number;
  /** Poll interval. Default 2. */
  pollSeconds?: number;
  /** Poll interval while new jobs are announced by NOTIFY. Only for queues with `notify`. */
  pollSecondsWithNotify?: number;
}

/** The settings of a queue, as pg-boss defines them. */
export interface QueueSettings {
  /** `stately`: at most one job of a key is waiting, and one is running. Default `standard`. */
  policy?: 'standard' | 'stately';
  /** Announces new jobs by NOTIFY. */
  notify?: boolean;
  retryLimit?: number;
  retryDelay?: number;
  retryBackoff?: boolean;
  retryDelayMax?: number;
  heartbeatSeconds?: number;
  expireInSeconds?: number;
  retentionSeconds?: number;
  deleteAfterSeconds?: number;
  /** The queue of jobs that were retried too often. */
  deadLetter?: string;
}

/** A queue of pg-boss. Created with `Workers.queue`; `Workers` also starts and stops its processing. */
export class Queue<Data extends object> {
  #processing: { handler: JobHandler<Data>; options: WorkOptions; concurrency: number } | undefined;

  constructor(
    private readonly jobs: PgBossService,
    readonly name: string,
    private readonly settings: QueueSettings,
  ) {}

  /** Connects and creates the queue, or updates its settings; once. A transaction that sends should not wait for it. */
  readonly prepare = onceSuccessful(async () => {
    await this.jobs.start();
    const { policy = 'standard', ...settings } = this.settings;
    await this.jobs.boss.createQueue(this.name, { ...settings, policy });
    // An existing queue keeps its policy: pg-boss cannot change that.
    if (Object.keys(settings).length > 0) await this.jobs.boss.updateQueue(this.name, settings);
  });

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
   * Enqueues a job, unless one with the same key is already waiting; one that is running does not count. Only for
   * queues with the policy `stately`.
   */
  async sendOnce(key: string, data: Data, { manager }: Pick<SendOptions, 'manager'>): Promise<void> {
    await this.prepare();
    await this.jobs.boss.send(this.name, data, { singletonKey: key, db: this.jobs.within(manager) });
  }

  /**
   * Sets the handler of this queue's jobs. It is called in processes that work, from the application's bootstrap to its
   * shutdown. Call it in a constructor.
   */
  process(handler: JobHandler<Data>, options: ProcessOptions = {}): void {
    const { concurrency = 1, pollSeconds = 2, pollSecondsWithNotify } = options;
    if (pollSecondsWithNotify !== undefined) this.jobs.listensForJobs = true;
    this.#processing = {
      handler,
      concurrency,
      options: {
        pollingIntervalSeconds: pollSeconds,
        ...(pollSecondsWithNotify !== undefined && { notifyPollingIntervalSeconds: pollSecondsWithNotify }),
      },
    };
  }

  /** Starts processing, if there is a handler. Called by `Workers`. */
  async start(): Promise<void> {
    if (!this.#processing) return;
    const { handler, options, concurrency } = this.#processing;
    await this.prepare();
    for (let worker = 0; worker < concurrency; worker++) await this.#startWorker(handler, options);
  }

  async #startWorker(handler: JobHandler<Data>, options: WorkOptions): Promise<void> {
    const { boss } = this.jobs;
    const started: { id?: string } = {};
    started.id = await boss.work<Data>(this.name, { ...options, includeMetadata: true }, async ([job]) => {
      if (!job) return;
      // A worker of pg-boss waits for its next poll after each job; there may be more jobs.
      if (started.id !== undefined) boss.notifyWorker(started.id);
      await handler(job as unknown as Job<Data>);
    });
  }

  /** Running jobs continue. Called by `Workers`. */
  async stopFetching(): Promise<void> {
    await this.jobs.boss.offWork(this.name, { wait: false });
  }
}
