import { Injectable, Logger } from '@nestjs/common';
import type { JobWithMetadata } from 'pg-boss';
import { PostackDatabase } from '../../database/postack-database.js';
import { PgBossService } from '../../jobs/pg-boss.service.js';
import type { Queue } from '../../jobs/queue.js';
import { Workers } from '../../jobs/workers.js';
import { HandlerRegistry } from '../../listeners/handler-registry.js';
import { Outcomes } from '../outcomes/outcomes.js';
import { recordedError } from '../outcomes/recorded-error.js';
import { StoredEvents } from '../stored-events.js';
import { groupJob, type DeliveryJob } from './delivery-job.js';

/** Queue that pg-boss moves a job to once its process has died more than `MAX_CRASHES` times. */
export const CRASHED_JOBS_QUEUE = 'crashed';

/** A call is not retried after more process crashes: it may be their cause. */
export const MAX_CRASHES = 10;

/** The recorded error of a call during which processes crashed. */
class ProcessDiedError extends Error {
  override readonly name = 'ProcessDiedError';
}

/** Turns jobs whose process crashed too often into dead letters. */
@Injectable()
export class CrashedJobs {
  readonly #logger = new Logger('PostackDispatch');
  readonly #queue: Queue<DeliveryJob>;

  constructor(
    private readonly database: PostackDatabase,
    private readonly jobs: PgBossService,
    private readonly registry: HandlerRegistry,
    private readonly events: StoredEvents,
    private readonly outcomes: Outcomes,
    workers: Workers,
  ) {
    this.#queue = workers.queue(CRASHED_JOBS_QUEUE, { retryLimit: 1000, retryDelay: 5 });
    this.#queue.process((job) => this.#moveToDeadLetters(job));
  }

  /** Creates its queue, which the queues of the handlers refer to. */
  prepare(): Promise<void> {
    return this.#queue.prepare();
  }

  async #moveToDeadLetters({
    data,
    sourceName,
    sourceRetryCount,
  }: JobWithMetadata<DeliveryJob>): Promise<void> {
    const handlers = [...this.registry.listeners, ...this.registry.projections];
    const handler = handlers.find(({ queue }) => queue === sourceName);
    // This application may no longer have the handler: its queue is `listener.crm` or the like.
    const name = handler?.name ?? sourceName?.replace(/^[a-z]+\./, '');
    if (name === undefined) return;
    const { orderKey } = data;
    const [event] =
      orderKey === undefined
        ? await this.events.loadFor(name, [data.eventId])
        : await this.events.loadGroupHeads(name, [orderKey]);
    if (!event) return;
    const isStale = orderKey === undefined && event.progress.delivery !== (data.delivery ?? 0);
    if (isStale) return;
    const { rowId, progress } = event;
    const crashes = (sourceRetryCount ?? MAX_CRASHES) + 1;
    const error = new ProcessDiedError(`${crashes} processes crashed while ${name} was handling this event`);
    await this.database.transaction(async (manager) => {
      await this.outcomes.record(
        name,
        [
          {
            rowId,
            delivery: progress.delivery,
            status: 'dead',
            attempts: progress.attempts + crashes,
            error: { ...recordedError(error, []), stack: null },
            nextAttemptAt: null,
          },
        ],
        manager,
      );
      // Replaces the crashed job, which would have continued the message group.
      if (handler && orderKey !== undefined) {
        await this.jobs.boss.insert(handler.queue, [groupJob(orderKey)], { db: this.jobs.within(manager) });
      }
    });
    this.#logger.error(
      `${name}: ${crashes} process crashes on event ${event.event.id}; moved to dead letters`,
    );
  }
}
