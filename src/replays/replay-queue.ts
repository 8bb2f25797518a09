import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { HEARTBEAT_SECONDS } from '../jobs/pg-boss.service.js';
import type { JobHandler, ProcessOptions, Queue } from '../jobs/queue.js';
import { Workers } from '../jobs/workers.js';

/** The data of a job that runs a replay. */
export interface ReplayJob {
  replayId: string;
}

/** The queue of replays: for each replay, at most one job is active and one is waiting. */
@Injectable()
export class ReplayQueue {
  readonly #queue: Queue<ReplayJob>;

  constructor(workers: Workers) {
    this.#queue = workers.queue('replays', {
      policy: 'stately',
      notify: true,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      expireInSeconds: 3600,
      // Effectively no limit: a replay survives any number of process crashes.
      retryLimit: 1_000_000,
      retryDelay: 1,
      retentionSeconds: 365 * 86_400,
      deleteAfterSeconds: 3600,
    });
  }

  /** Creates the queue, once. */
  prepare(): Promise<void> {
    return this.#queue.prepare();
  }

  /** Runs or continues a replay when the transaction commits. No effect when a job of it is already waiting. */
  async send(replayId: string, manager: EntityManager): Promise<void> {
    await this.#queue.sendOnce(replayId, { replayId }, { manager });
  }

  process(handler: JobHandler<ReplayJob>, options: ProcessOptions): void {
    this.#queue.process(handler, options);
  }
}
