import { Injectable } from '@nestjs/common';
import type { AnyPostackEvent } from '../../events/event-types.js';
import type { EntityManager } from 'typeorm';
import { OwnPool } from '../../database/own-pool.js';
import { runPreparedSql, runSql } from '../../database/run-sql.js';
import { PostackDatabase } from '../../database/postack-database.js';
import { InboxEventEntity } from '../../inbox/inbox-event.entity.js';
import type { Handler } from '../../listeners/handler.js';
import type { DeliveryReason } from '../../listeners/listener-context.js';
import { DeliveryEntity, type DeliveryStatus } from '../outcomes/delivery.entity.js';
import type { PoisonedEvent } from '../projection-runner.js';
import { recordedError } from '../outcomes/recorded-error.js';
import { type EventRow, StoredEvents } from '../stored-events.js';
import { WorkerEntity } from '../../jobs/worker.entity.js';
import type { HeldDelivery, Outcome } from './held-delivery.js';
import type { Lease } from '../../jobs/lease.js';
import { ledgerSql, type LedgerSql } from './ledger-sql.js';

/** A delivery to write when its event is dispatched. */
export interface NewDelivery {
  rowId: string;
  handler: string;
  /** Whether this process takes it at once. */
  isHeld: boolean;
  orderKey: string | null;
  occurredAt: Date | null;
  /** Whether an earlier event of its message group is among the new deliveries. */
  isBehind: boolean;
}

/** A dispatched event as it is marked in the inbox, with the projections that ran on it. */
export interface DispatchedEvent {
  rowId: string;
  /** What it was taken for. */
  kind: AnyPostackEvent['type'];
  status: 'dispatched' | 'unhandled';
  projections: readonly string[];
}

/** Message groups in which a delivery waits for an earlier one. */
export type BlockedGroups = readonly { handler: string; orderKeys: string[] }[];

/** A delivery of a dead process. */
export interface ReleasedDelivery {
  handler: string;
  status: DeliveryStatus;
  crashes: number;
  svixId: string;
}

interface TakenRow extends EventRow {
  generation: number;
  attempts: number;
  interruptions: number;
  reason: DeliveryReason;
  replay_id: string | null;
  order_key: string | null;
}

/** Ids are assigned before the commit: this many events may become visible after one with a higher id. */
const LATE_COMMITS = 5000n;

/** The statements on the table `delivery` that move a delivery from one status to the next. */
@Injectable()
export class Ledger {
  readonly #sql: LedgerSql;
  /** No event below is waiting for its dispatch. */
  #undispatchedFrom = 0n;

  constructor(
    database: PostackDatabase,
    private readonly pool: OwnPool,
    private readonly events: StoredEvents,
  ) {
    this.#sql = ledgerSql(
      database.table(DeliveryEntity),
      database.table(InboxEventEntity),
      database.table(WorkerEntity),
    );
  }

  /**
   * Marks events as dispatched and writes their deliveries, in the transaction of their dispatch. Resolves to the message
   * groups in which a delivery waits for an earlier event: to be passed to `unblock` after the commit, because that event
   * may be settled at the same time.
   *
   * @param mappingId `EventMappingEntity.id` of the mapping that the events were read with.
   */
  async dispatch(
    events: readonly DispatchedEvent[],
    deliveries: readonly NewDelivery[],
    lease: Lease | undefined,
    mappingId: number,
    manager: EntityManager,
  ): Promise<BlockedGroups> {
    const names = [...new Set(deliveries.map(({ handler }) => handler))];
    const indexOf = new Map(names.map((name, index) => [name, index + 1]));
    return runPreparedSql(manager, this.#sql.dispatch, [
      names,
      lease?.id ?? null,
      deliveries.map(({ rowId }) => rowId),
      deliveries.map(({ handler }) => indexOf.get(handler)),
      deliveries.map(({ isHeld }) => isHeld),
      deliveries.map(({ orderKey }) => orderKey),
      deliveries.map(({ occurredAt }) => occurredAt?.toISOString() ?? null),
      deliveries.map(({ isBehind }) => isBehind),
      events.map(({ rowId }) => rowId),
      events.map(({ status }) => status),
      events.map(({ projections }) => projections.join(',')),
      events.map(({ kind }) => kind),
      mappingId,
    ]);
  }

  /** Writes deliveries of a projection that failed on these events alone, in the transaction in which it did. */
  async setAside(
    projection: Handler,
    poisoned: readonly PoisonedEvent[],
    manager: EntityManager,
  ): Promise<void> {
    await runSql(manager, this.#sql.setAside, [
      projection.name,
      poisoned.map(({ stored }) => stored.rowId),
      poisoned.map(({ stored, error }) => JSON.stringify(recordedError(error, [stored.event]))),
    ]);
  }

  /**
   * Takes up to `limit` deliveries that are due: live events before redeliveries. Of an ordered handler, only the first of
   * each message group, and none while earlier events are not dispatched yet.
   */
  take(handler: Handler, limit: number, lease: Lease): Promise<HeldDelivery[]> {
    const { ordered } = handler.settings;
    return this.#take(handler, lease, limit, ordered ? this.#sql.takeOrdered : this.#sql.take);
  }

  /** Takes deliveries that have to run with nothing else beside them: up to `limit` together, or one alone. */
  takeSuspects(handler: Handler, limit: number, lease: Lease): Promise<HeldDelivery[]> {
    const { ordered } = handler.settings;
    return this.#take(
      handler,
      lease,
      limit,
      ordered ? this.#sql.takeOrderedSuspects : this.#sql.takeSuspects,
    );
  }

  /** The handlers among these with deliveries that have to run with nothing else beside them. */
  async suspected(names: readonly string[]): Promise<string[]> {
    const rows = await this.pool.query<{ handler: string }>({ text: this.#sql.suspected, values: [names] });
    return rows.map(({ handler }) => handler);
  }

  /** Records outcomes. Those of deliveries that have been released or redelivered meanwhile have no effect. */
  async settle(outcomes: readonly Outcome[]): Promise<void> {
    // In key order, so that two processes wait for each other instead of deadlocking.
    const sorted = [...outcomes].sort((a, b) => compare(a.held, b.held));
    await this.pool.query({
      name: 'postack_settle',
      text: this.#sql.settle,
      values: [
        sorted.map(({ held }) => held.stored.rowId),
        sorted.map(({ held }) => held.handler.name),
        sorted.map(({ held }) => held.generation),
        sorted.map(({ held }) => held.lease.id),
        sorted.map(({ status }) => status),
        sorted.map(({ held, status }) => held.attempts + (status === 'given-back' ? 0 : 1)),
        sorted.map(({ status, error, held }) =>
          status === 'done' || status === 'given-back'
            ? null
            : JSON.stringify(recordedError(error, [held.stored.event])),
        ),
        sorted.map(({ delayMs }) => delayMs ?? 0),
      ],
    });
  }

  /**
   * Locks a delivery until the transaction of `manager` ends. Resolves to `false` when it is not held any more: another
   * process considered this one dead.
   */
  async lock(held: HeldDelivery, manager: EntityManager): Promise<boolean> {
    return (await runSql<unknown[]>(manager, this.#sql.lock, keyOf(held))).length > 0;
  }

  /** Records in the transaction of `manager` that a locked delivery is done. */
  async markDone(held: HeldDelivery, manager: EntityManager): Promise<void> {
    await runSql(manager, this.#sql.markDone, [...keyOf(held), held.attempts + 1]);
  }

  /** Makes the first event of each of these message groups due, if it waits for nothing else. Of all groups by default. */
  async unblock(handler: string, orderKeys?: readonly string[]): Promise<number> {
    const rows = await this.pool.query({
      text: orderKeys ? this.#sql.unblock : this.#sql.unblockAll,
      values: orderKeys ? [handler, [...new Set(orderKeys)]] : [handler],
    });
    return rows.length;
  }

  /**
   * Releases what dead processes hold. What was running with nothing else beside it is suspected more closely, and a
   * delivery that was alone is dead after three crashes; the others are not suspected.
   */
  async release(): Promise<ReleasedDelivery[]> {
    return this.pool.query<ReleasedDelivery>({ name: 'postack_release', text: this.#sql.release });
  }

  /** Gives back all that is running under a lease: the handler was not called. */
  async giveBackAll(leaseId: string): Promise<void> {
    await this.pool.query({ text: this.#sql.giveBackAll, values: [leaseId] });
  }

  async #take(handler: Handler, lease: Lease, limit: number, text: string): Promise<HeldDelivery[]> {
    const before = handler.settings.ordered ? [await this.#firstUndispatched()] : [];
    const rows = await this.pool.query<TakenRow>({
      name: `postack_take_${Object.values(this.#sql).indexOf(text)}`,
      text,
      values: [handler.name, limit, lease.id, ...before],
    });
    return rows.map((row) => ({
      ...{ handler, lease, generation: row.generation, attempts: row.attempts, orderKey: row.order_key },
      stored: this.events.stored(row),
      delivery: {
        attempt: row.attempts + row.interruptions + 1,
        reason: row.reason,
        replayId: row.replay_id,
      },
    }));
  }

  /** Id of the first event that is not dispatched yet: an ordered handler must not overtake it. */
  async #firstUndispatched(): Promise<string> {
    const [row] = await this.pool.query<{ first: string | null; last: string | null }>({
      name: 'postack_first_undispatched',
      text: this.#sql.firstUndispatched,
      values: [String(this.#undispatchedFrom)],
    });
    const first = row?.first ?? null;
    const from = BigInt(first ?? row?.last ?? 0) - LATE_COMMITS;
    if (from > this.#undispatchedFrom) this.#undispatchedFrom = from;
    return first ?? String(BigInt(row?.last ?? 0) + 1n);
  }
}

function keyOf({ stored, handler, generation, lease }: HeldDelivery): unknown[] {
  return [stored.rowId, handler.name, generation, lease.id];
}

function compare(a: HeldDelivery, b: HeldDelivery): number {
  const difference = Number(a.stored.rowId) - Number(b.stored.rowId);
  if (difference !== 0) return difference;
  return a.handler.name < b.handler.name ? -1 : 1;
}
