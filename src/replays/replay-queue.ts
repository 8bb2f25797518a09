import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { HEARTBEAT_SECONDS, PgBossService } from '../jobs/pg-boss.service.js';
import { HandlerWorkers } from '../dispatch/deliveries/handler-workers.js';
import { onceSuccessful } from '../jobs/once-successful.js';

/** Queue of the jobs that run replays. */
export const REPLAYS_QUEUE = 'replays';

/** What the job of a replay says. */
export interface ReplayJob {
  replayId: string;
}

/** The queue of replays: at most one job of each runs at a time, and one more waits. */
@Injectable()
export class ReplayQueue {
  constructor(
    private readonly jobs: PgBossService,
    private readonly workers: HandlerWorkers,
  ) {}

  /** Connects pg-boss and makes the queues, once: whoever begins a replay has to wait for it. */
  readonly prepare = onceSuccessful(() => this.#prepare());

  /** Has the replay run, or run on, when the transaction commits. */
  async send(replayId: string, manager: EntityManager): Promise<void> {
    const data: ReplayJob = { replayId };
    // Refused, with `null`, when a job of this replay is waiting already: that one will do.
    await this.jobs.boss.send(REPLAYS_QUEUE, data, {
      singletonKey: replayId,
      db: this.jobs.within(manager),
    });
  }

  async #prepare(): Promise<void> {
    // Its events go to the queues of the handlers.
    await this.workers.prepare();
    await this.jobs.boss.createQueue(REPLAYS_QUEUE, {
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
}
