import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { HEARTBEAT_SECONDS } from '../jobs/pg-boss.service.js';
import type { JobHandler, ProcessOptions, Queue } from '../jobs/queue.js';
import { Workers } from '../jobs/workers.js';
import { isAnswer, type OutboxCategory } from './outbox-message.js';

/** Queue in which a message waits: replies and other messages take turns, so that neither delays the other. */
export type OutboxPriority = 'reply' | 'other';

/** Sends one message. */
export interface OutboxJob {
  /** `OutboxMessageEntity.id`. */
  id: string;
  /** `OutboxMessageEntity.notBefore` when the job was created, ISO 8601. A job whose value is outdated is ignored. */
  notBefore?: string | null;
}

/** Reconciles one message of unknown outcome. */
export interface ReconcileJob extends OutboxJob {
  /** From 0. */
  round: number;
}

const QUEUE_OPTIONS = {
  // Retries after an error of Postack are new jobs; pg-boss only retries jobs of processes that have died.
  retryLimit: 1_000_000,
  retryDelay: 2,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  // Longer than all attempts of one job and the waits between them.
  expireInSeconds: 900,
  // With the default of two weeks, messages scheduled for later than that would be dropped.
  retentionSeconds: 365 * 86_400,
  deleteAfterSeconds: 3600,
};

/** Customers are waiting for replies and confirmations, so these have a queue of their own. */
function priorityOf(category: OutboxCategory): OutboxPriority {
  return isAnswer(category) ? 'reply' : 'other';
}

/** The job queues of the outbox: messages by priority, and reconciliations. */
@Injectable()
export class OutboxQueue {
  readonly #messages: Readonly<Record<OutboxPriority, Queue<OutboxJob>>>;
  readonly #reconciliations: Queue<ReconcileJob>;

  constructor(workers: Workers) {
    this.#messages = {
      // New messages wake the workers of all processes; a reconciliation is never due immediately.
      reply: workers.queue('outbox.replies', { ...QUEUE_OPTIONS, notify: true }),
      other: workers.queue('outbox.others', { ...QUEUE_OPTIONS, notify: true }),
    };
    this.#reconciliations = workers.queue('outbox.lookups', { ...QUEUE_OPTIONS, notify: false });
  }

  /** Connects pg-boss and creates the queues, once. Required before `send`. */
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

  /** Enqueues the job that sends a message, at `startAfter` at the earliest, in the transaction of `manager`. */
  async send(
    { id, category }: { id: string; category: OutboxCategory },
    manager: EntityManager,
    startAfter?: Date | null,
  ): Promise<void> {
    const job: OutboxJob = { id, notBefore: startAfter?.toISOString() ?? null };
    await this.#messages[priorityOf(category)].send(job, { manager, startAfter });
  }

  /** Enqueues a reconciliation at `startAfter`, in the transaction of `manager`. */
  async reconcile(job: ReconcileJob, manager: EntityManager, startAfter: Date): Promise<void> {
    await this.#reconciliations.send(job, { manager, startAfter });
  }
}
