import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { orderKeyOf } from '../../listeners/order-key.js';
import { PostackDatabase } from '../../database/postack-database.js';
import type { Handler } from '../../listeners/handler.js';
import { HandlerOutcomeEntity } from '../outcomes/handler-outcome.entity.js';
import { StoredEvents, type HandlerEvent } from '../stored-events.js';
import { PgBossService } from '../../jobs/pg-boss.service.js';
import { deliveryJob } from './delivery-job.js';

const CHUNK = 500;

/**
 * A listener that is (no longer) ordered has another queue from then on. This moves what is still in the one it had
 * before, also what processes of the version before go on putting there while they are being replaced.
 */
@Injectable()
export class ChangedOrder {
  readonly #logger = new Logger('PostackDispatch');
  readonly #outcome: string;

  constructor(
    private readonly database: PostackDatabase,
    private readonly jobs: PgBossService,
    private readonly events: StoredEvents,
  ) {
    this.#outcome = database.table(HandlerOutcomeEntity);
  }

  /** Moves everything that nobody is working on. Resolves to the number of events moved. */
  async adopt(handler: Handler): Promise<number> {
    if (handler.kind !== 'listener') return 0;
    const { ordered } = handler.settings;
    const before = `${ordered ? 'listener' : 'ordered'}.${handler.name}`;
    if ((await this.jobs.boss.getQueue(before)) === null) return 0;
    let moved = 0;
    for (let chunk = -1; chunk !== 0; moved += chunk) {
      chunk = ordered ? await this.#intoLines(handler, before) : await this.#outOfLines(handler, before);
    }
    if (moved > 0) {
      const how = ordered ? 'ordered' : 'no longer ordered';
      this.#logger.log(`${handler.name} is ${how}: ${moved} events that were queued for it have been moved`);
    }
    return moved;
  }

  /** Each job is an event's own. */
  async #intoLines(handler: Handler, before: string): Promise<number> {
    const { boss } = this.jobs;
    const fetched = await boss.fetch<{ eventId: string }>(before, {
      batchSize: CHUNK,
      ignoreStartAfter: true,
    });
    if (fetched.length === 0) return 0;
    const events = await this.events.loadFor(
      handler.name,
      fetched.map(({ data }) => data.eventId),
    );
    await this.database.transaction(async (manager) => {
      await boss.deleteJob(before, fetched, { db: this.jobs.within(manager) });
      await this.#queue(handler, events.filter(isOpen), manager);
    });
    return fetched.length;
  }

  /** The outcomes tell which events wait; the jobs of their lines do not, and go when no event is left. */
  async #outOfLines(handler: Handler, before: string): Promise<number> {
    const { boss } = this.jobs;
    const moved = await this.database.transaction(async (manager) => {
      const rows: { event_id: string }[] = await manager.query(
        `SELECT event_id FROM ${this.#outcome}
         WHERE handler = $1 AND order_key IS NOT NULL AND status IN ('pending', 'retrying')
         LIMIT $2 FOR UPDATE SKIP LOCKED`,
        [handler.name, CHUNK],
      );
      const rowIds = rows.map(({ event_id }) => event_id);
      if (rowIds.length > 0) {
        await this.#queue(handler, await this.events.loadFor(handler.name, rowIds), manager);
      }
      return rowIds.length;
    });
    while (moved === 0) {
      const unneeded = await boss.fetch(before, { batchSize: CHUNK, ignoreStartAfter: true });
      if (unneeded.length === 0) break;
      await boss.deleteJob(before, unneeded);
    }
    return moved;
  }

  async #queue(handler: Handler, events: readonly HandlerEvent[], manager: EntityManager): Promise<void> {
    const { ordered } = handler.settings;
    const keys = events.map(({ event }) => (ordered ? orderKeyOf(event, ordered) : null));
    await manager.query(
      `INSERT INTO ${this.#outcome} AS o (event_id, handler, status, attempts, order_key)
       SELECT event_id, $1, 'pending', 0, order_key FROM unnest($2::bigint[], $3::text[]) AS new (event_id, order_key)
       ON CONFLICT (event_id, handler) DO UPDATE SET order_key = excluded.order_key`,
      [handler.name, events.map(({ rowId }) => rowId), keys],
    );
    const jobs = events.map(({ rowId, progress }, index) => {
      const orderKey = keys[index];
      return deliveryJob(
        { eventId: rowId, delivery: progress.delivery, ...(orderKey && { orderKey, goesOn: true }) },
        progress.nextAttemptAt ?? undefined,
      );
    });
    if (jobs.length === 0) return;
    await this.jobs.boss.insert(handler.queue, jobs, { db: this.jobs.within(manager) });
  }
}

function isOpen({ progress }: HandlerEvent): boolean {
  return progress.status === null || progress.status === 'pending' || progress.status === 'retrying';
}
