import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PostackDatabase } from '../../database/postack-database.js';
import { PgBossService } from '../../jobs/pg-boss.service.js';
import type { Handler } from '../../listeners/handler.js';
import { orderKeyOf } from '../../listeners/order-key.js';
import { HandlerOutcomeEntity } from '../outcomes/handler-outcome.entity.js';
import { StoredEvents, type HandlerEvent } from '../stored-events.js';
import { continuingGroup, deliveryJob } from './delivery-job.js';

const CHUNK_SIZE = 500;

/**
 * Moves queued events of a listener to its new queue when its `ordered` option was switched on or off. Also moves those
 * that processes of the previous version add to the old queue during a rolling deployment.
 */
@Injectable()
export class QueueMigration {
  readonly #logger = new Logger('PostackDispatch');
  readonly #outcome: string;

  constructor(
    private readonly database: PostackDatabase,
    private readonly jobs: PgBossService,
    private readonly events: StoredEvents,
  ) {
    this.#outcome = database.table(HandlerOutcomeEntity);
  }

  /** Moves all events of the old queue except those being handled. Resolves to the number of events moved. */
  async run(handler: Handler): Promise<number> {
    if (handler.kind !== 'listener') return 0;
    const { ordered } = handler.settings;
    const oldQueue = `${ordered ? 'listener' : 'ordered'}.${handler.name}`;
    if ((await this.jobs.boss.getQueue(oldQueue)) === null) return 0;
    let moved = 0;
    for (let chunk = -1; chunk !== 0; moved += chunk) {
      chunk = ordered
        ? await this.#moveToGroups(handler, oldQueue)
        : await this.#moveFromGroups(handler, oldQueue);
    }
    if (moved > 0) {
      const change = ordered ? 'now ordered' : 'no longer ordered';
      this.#logger.log(`${handler.name} is ${change}; moved ${moved} events to its new queue`);
    }
    return moved;
  }

  /** In the queue of an unordered listener, each job stands for one event. */
  async #moveToGroups(handler: Handler, oldQueue: string): Promise<number> {
    const { boss } = this.jobs;
    const fetched = await boss.fetch<{ eventId: string }>(oldQueue, {
      batchSize: CHUNK_SIZE,
      ignoreStartAfter: true,
    });
    if (fetched.length === 0) return 0;
    const events = await this.events.loadFor(
      handler.name,
      fetched.map(({ data }) => data.eventId),
    );
    await this.database.transaction(async (manager) => {
      await boss.deleteJob(oldQueue, fetched, { db: this.jobs.within(manager) });
      await this.#enqueue(handler, events.filter(isOpen), manager);
    });
    return fetched.length;
  }

  /** In the queue of an ordered listener, jobs stand for groups: the waiting events are known by their outcomes. */
  async #moveFromGroups(handler: Handler, oldQueue: string): Promise<number> {
    const { boss } = this.jobs;
    const moved = await this.database.transaction(async (manager) => {
      const rows: { event_id: string }[] = await manager.query(
        `SELECT event_id FROM ${this.#outcome}
         WHERE handler = $1 AND order_key IS NOT NULL AND status IN ('pending', 'retrying')
         LIMIT $2 FOR UPDATE SKIP LOCKED`,
        [handler.name, CHUNK_SIZE],
      );
      const rowIds = rows.map(({ event_id }) => event_id);
      if (rowIds.length > 0) {
        await this.#enqueue(handler, await this.events.loadFor(handler.name, rowIds), manager);
      }
      return rowIds.length;
    });
    while (moved === 0) {
      const stale = await boss.fetch(oldQueue, { batchSize: CHUNK_SIZE, ignoreStartAfter: true });
      if (stale.length === 0) break;
      await boss.deleteJob(oldQueue, stale);
    }
    return moved;
  }

  async #enqueue(handler: Handler, events: readonly HandlerEvent[], manager: EntityManager): Promise<void> {
    const { ordered } = handler.settings;
    const orderKeys = events.map(({ event }) => (ordered ? orderKeyOf(event, ordered) : null));
    await manager.query(
      `INSERT INTO ${this.#outcome} AS o (event_id, handler, status, attempts, order_key)
       SELECT event_id, $1, 'pending', 0, order_key FROM unnest($2::bigint[], $3::text[]) AS new (event_id, order_key)
       ON CONFLICT (event_id, handler) DO UPDATE SET order_key = excluded.order_key`,
      [handler.name, events.map(({ rowId }) => rowId), orderKeys],
    );
    const jobs = events.map(({ rowId, progress }, index) => {
      const orderKey = orderKeys[index];
      const data = { eventId: rowId, delivery: progress.delivery };
      return deliveryJob(
        orderKey ? continuingGroup({ ...data, orderKey }) : data,
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
