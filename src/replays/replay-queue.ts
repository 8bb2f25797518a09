import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { HEARTBEAT_SECONDS } from '../jobs/pg-boss.service.js';
import { type JobHandler, type ProcessOptions, type Queue } from '../jobs/queue.js';
import { Workers } from '../jobs/workers.js';
import { Redelivery } from '../dispatch/redelivery.js';

/** What the job of a replay says. */
export interface ReplayJob {
  replayId: string;
}

/** The queue of replays: at most one job of each replay runs at a time, and one more waits. */
@Injectable()
export class ReplayQueue {
  readonly #queue: Queue<ReplayJob>;

  constructor(
    workers: Workers,
    private readonly redelivery: Redelivery,
  ) {
    this.#queue = workers.queue('replays', {
      policy: 'stately',
      heartbeatSeconds: HEARTBEAT_SECONDS,
      expireInSeconds: 3600,
      // A replay is never given up, however often its process dies.
      retryLimit: 1_000_000,
      retryDelay: 1,
      retentionSeconds: 365 * 86_400,
      deleteAfterSeconds: 3600,
    });
  }

  /** Prepares the queues of the handlers, which the events of a replay go to, and this one. */
  async prepare(): Promise<void> {
    await this.redelivery.prepare();
    await this.#queue.prepare();
  }

  /** Runs the replay, or continues it, when the transaction commits. Nothing is added when a job of it is waiting. */
  async send(replayId: string, manager: EntityManager): Promise<void> {
    await this.#queue.sendOnce(replayId, { replayId }, { manager });
  }

  process(handler: JobHandler<ReplayJob>, options: ProcessOptions): void {
    this.#queue.process(handler, options);
  }
}
