import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { HEARTBEAT_SECONDS, PgBossService } from '../jobs/pg-boss.service.js';
import { onceSuccessful } from '../jobs/once-successful.js';
import type { OutboxCategory } from './outbox-message.js';

/** Which of the two lines to Postack a message waits in; they are served in turns. */
export type OutboxPriority = 'reply' | 'other';

/** Queue of each priority's messages. */
export const OUTBOX_QUEUES: Readonly<Record<OutboxPriority, string>> = {
  reply: 'outbox.replies',
  other: 'outbox.others',
};

/** Queue of messages of which it is to be found out whether Postack has them. */
export const RECONCILE_QUEUE = 'outbox.lookups';

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
  constructor(private readonly jobs: PgBossService) {}

  /** Connects pg-boss and makes the queues, once: whoever puts a message into the outbox has to wait for it. */
  readonly prepare = onceSuccessful(async () => {
    await this.jobs.start();
    const { boss } = this.jobs;
    await Promise.all(
      [...Object.values(OUTBOX_QUEUES), RECONCILE_QUEUE].map(async (queue) => {
        // Messages wake their workers at once, also in other processes; a lookup is never due at once.
        const options = { ...QUEUE_OPTIONS, notify: queue !== RECONCILE_QUEUE };
        await boss.createQueue(queue, options);
        await boss.updateQueue(queue, options);
      }),
    );
  });

  /** Has a message sent, not before `startAfter`, when the transaction commits. */
  async send(
    { id, category }: { id: string; category: OutboxCategory },
    manager: EntityManager,
    startAfter?: Date | null,
  ): Promise<void> {
    const job: OutboxJob = { id, notBefore: startAfter?.toISOString() ?? null };
    await this.#insert(OUTBOX_QUEUES[priorityOf(category)], job, manager, startAfter);
  }

  /** Has a message looked for at `startAfter`, when the transaction commits. */
  async lookUp(job: ReconcileJob, manager: EntityManager, startAfter: Date): Promise<void> {
    await this.#insert(RECONCILE_QUEUE, job, manager, startAfter);
  }

  async #insert(
    queue: string,
    data: OutboxJob,
    manager: EntityManager,
    startAfter: Date | null | undefined,
  ): Promise<void> {
    const db = this.jobs.within(manager);
    await this.jobs.boss.insert(queue, [{ data, ...(startAfter && { startAfter }) }], { db });
  }
}
