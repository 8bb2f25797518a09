import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { HEARTBEAT_SECONDS } from '../jobs/pg-boss.service.js';
import type { JobHandler, ProcessOptions, Queue } from '../jobs/queue.js';
import { Workers } from '../jobs/workers.js';
import type { OutboxCategory } from './outbox-message.js';

/** Which of the two lines to Postack a message waits in; they are served in turns. */
export type OutboxPriority = 'reply' | 'other';

/** What a job says. */
export interface OutboxJob {
  /** `OutboxMessageEntity.id`. */
  id: string;
  /** `OutboxMessageEntity.notBefore` that the job is for, ISO 8601: when it has changed, another job is. */
  notBefore?: string | null;
}

/** A look for a message whose outcome is unknown. */
export interface ReconcileJob extends OutboxJob {
  /** 0 for the first look. */
  round: number;
}

const QUEUE_OPTIONS = {
  // What Postack refuses is tried again by a new job; pg-boss only repeats those of processes that have died.
  retryLimit: 1_000_000,
  retryDelay: 2,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  // Longer than all attempts of one job, and their waits.
  expireInSeconds: 900,
  // The default, two weeks, would drop what is to be sent later than that.
  retentionSeconds: 365 * 86_400,
  deleteAfterSeconds: 3600,
};

/** Wait of a message in the priority of those that somebody is waiting for, or in the other. */
export function priorityOf(category: OutboxCategory): OutboxPriority {
  return category === 'reply' || category === 'confirmation' ? 'reply' : 'other';
}

/** The queues of the outbox, kept by pg-boss. */
@Injectable()
export class OutboxQueue {
  readonly #messages: Readonly<Record<OutboxPriority, Queue<OutboxJob>>>;
  readonly #reconciliations: Queue<ReconcileJob>;

  constructor(workers: Workers) {
    this.#messages = {
      // Messages wake their workers at once, also in other processes; a reconciliation is never due at once.
      reply: workers.queue('outbox.replies', { ...QUEUE_OPTIONS, notify: true }),
      other: workers.queue('outbox.others', { ...QUEUE_OPTIONS, notify: true }),
    };
    this.#reconciliations = workers.queue('outbox.lookups', { ...QUEUE_OPTIONS, notify: false });
  }

  /** Connects pg-boss and creates the queues, once; required before a message is enqueued. */
  async prepare(): Promise<void> {
    const queues = [...Object.values(this.#messages), this.#reconciliations];
    await Promise.all(queues.map((queue) => queue.prepare()));
  }

  processMessages(priority: OutboxPriority, handler: JobHandler<OutboxJob>, options: ProcessOptions): void {
    this.#messages[priority].process(handler, options);
  }

  processReconciliations(handler: JobHandler<ReconcileJob>, options: ProcessOptions): void {
    this.#reconciliations.process(handler, options);
  }

  /** Has a message sent, not before `startAfter`, when the transaction commits. */
  async send(
    { id, category }: { id: string; category: OutboxCategory },
    manager: EntityManager,
    startAfter?: Date | null,
  ): Promise<void> {
    const job: OutboxJob = { id, notBefore: startAfter?.toISOString() ?? null };
    await this.#messages[priorityOf(category)].send(job, { manager, startAfter });
  }

  /** Looks for a message at `startAfter`, when the transaction commits. */
  async reconcile(job: ReconcileJob, manager: EntityManager, startAfter: Date): Promise<void> {
    await this.#reconciliations.send(job, { manager, startAfter });
  }
}
