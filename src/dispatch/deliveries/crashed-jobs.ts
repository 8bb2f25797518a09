import { Injectable, Logger } from '@nestjs/common';
import type { JobWithMetadata } from 'pg-boss';
import { PostackDatabase } from '../../database/postack-database.js';
import { HandlerRegistry } from '../../listeners/handler-registry.js';
import { Outcomes } from '../outcomes/outcomes.js';
import { recordedError } from '../outcomes/recorded-error.js';
import { StoredEvents } from '../stored-events.js';
import { PgBossService } from '../../jobs/pg-boss.service.js';
import type { Queue } from '../../jobs/queue.js';
import { Workers } from '../../jobs/workers.js';
import { groupJob, type DeliveryJob } from './delivery-job.js';

/** Queue of jobs with which too many processes have died: the only way in which pg-boss itself gives a job up. */
export const CRASHED_JOBS_QUEUE = 'crashed';

/** With so many processes dying while it ran, a call is not tried again: it may be what kills them. */
export const MAX_CRASHES = 10;

/** The failure of a call during which the process died, again and again. */
class ProcessDiedError extends Error {
  override readonly name = 'ProcessDiedError';
}

/** Turns jobs that processes keep dying with into dead letters. */
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
    this.#queue.process((job) => this.#bury(job));
  }

  /** Before the queues whose dead letters it takes. */
  prepare(): Promise<void> {
    return this.#queue.prepare();
  }

  async #bury({ data, sourceName, sourceRetryCount }: JobWithMetadata<DeliveryJob>): Promise<void> {
    const handlers = [...this.registry.listeners, ...this.registry.projections];
    const handler = handlers.find(({ queue }) => queue === sourceName);
    const name = handler?.name ?? sourceName?.replace(/^[a-z]+\./, '');
    if (name === undefined) return;
    const isLine = data.orderKey !== undefined;
    const [event] = isLine
      ? await this.events.loadNext(name, [data.orderKey ?? ''])
      : await this.events.loadFor(name, [data.eventId]);
    if (!event || (!isLine && event.progress.delivery !== (data.delivery ?? 0))) return;
    const crashes = (sourceRetryCount ?? MAX_CRASHES) + 1;
    const error = new ProcessDiedError(`${crashes} processes have died while ${name} handled this event`);
    await this.database.transaction(async (manager) => {
      const failure = { ...recordedError(error, []), stack: null };
      const { rowId, progress } = event;
      const attempts = progress.attempts + crashes;
      await this.outcomes.record(
        name,
        [{ rowId, delivery: progress.delivery, status: 'dead', attempts, failure, nextAttemptAt: null }],
        manager,
      );
      // The job that would have kept the line going is the one that has been given up.
      if (handler && data.orderKey !== undefined) {
        await this.jobs.boss.insert(handler.queue, [groupJob(data.orderKey)], {
          db: this.jobs.within(manager),
        });
      }
    });
    this.#logger.error(`${name} is not called again for event ${event.event.id}: ${error.message}`);
  }
}
