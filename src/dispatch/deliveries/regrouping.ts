import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../../database/run-sql.js';
import { PostackDatabase } from '../../database/postack-database.js';
import type { Handler } from '../../listeners/handler.js';
import { orderKeyOf } from '../../listeners/order-key.js';
import { DeliveryEntity } from '../outcomes/delivery.entity.js';
import { StoredEvents } from '../stored-events.js';

const CHUNK_SIZE = 500;

/** Gives waiting deliveries their message groups when the `ordered` option of a listener was switched on or off. */
@Injectable()
export class Regrouping {
  readonly #logger = new Logger('PostackDispatch');
  readonly #delivery: string;

  constructor(
    private readonly database: PostackDatabase,
    private readonly events: StoredEvents,
  ) {
    this.#delivery = database.table(DeliveryEntity);
  }

  /** Resolves to the number of deliveries changed. */
  async run(handler: Handler): Promise<number> {
    if (handler.kind !== 'listener') return 0;
    let changed = 0;
    for (let chunk = -1; chunk !== 0; changed += chunk) {
      chunk = handler.settings.ordered ? await this.#group(handler) : await this.#ungroup(handler);
    }
    if (changed > 0) {
      const change = handler.settings.ordered ? 'now ordered' : 'no longer ordered';
      this.#logger.log(`${handler.name} is ${change}; regrouped ${changed} waiting deliveries`);
    }
    return changed;
  }

  #group(handler: Handler): Promise<number> {
    const { ordered } = handler.settings;
    return this.database.transaction(async (manager) => {
      const rowIds = await this.#lockWaiting(handler, 'order_key IS NULL', manager);
      if (rowIds.length === 0 || !ordered) return 0;
      const stored = await this.events.load(rowIds, manager);
      await runSql(
        manager,
        `UPDATE ${this.#delivery} d SET order_key = new.order_key, occurred_at = new.occurred_at
         FROM unnest($2::bigint[], $3::text[], $4::timestamptz[]) AS new (event_id, order_key, occurred_at)
         WHERE d.event_id = new.event_id AND d.handler = $1`,
        [
          handler.name,
          stored.map(({ rowId }) => rowId),
          stored.map(({ event }) => orderKeyOf(event, ordered)),
          stored.map(({ event }) => event.occurredAt.toISOString()),
        ],
      );
      return stored.length;
    });
  }

  #ungroup(handler: Handler): Promise<number> {
    return this.database.transaction(async (manager) => {
      const rowIds = await this.#lockWaiting(handler, 'order_key IS NOT NULL', manager);
      await runSql(
        manager,
        `UPDATE ${this.#delivery} SET order_key = NULL, occurred_at = NULL, run_at = coalesce(run_at, now())
         WHERE handler = $1 AND event_id = ANY ($2::bigint[])`,
        [handler.name, rowIds],
      );
      return rowIds.length;
    });
  }

  async #lockWaiting({ name }: Handler, condition: string, manager: EntityManager): Promise<string[]> {
    const rows = await runSql<{ event_id: string }[]>(
      manager,
      `SELECT event_id FROM ${this.#delivery}
       WHERE handler = $1 AND status IN ('pending', 'retrying') AND ${condition}
       LIMIT ${CHUNK_SIZE} FOR UPDATE SKIP LOCKED`,
      [name],
    );
    return rows.map(({ event_id }) => event_id);
  }
}
