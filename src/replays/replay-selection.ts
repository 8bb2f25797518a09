import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../database/run-sql.js';
import { PostackDatabase } from '../database/postack-database.js';
import { eventStatusSql } from '../dispatch/outcomes/event-status.js';
import { ChangedReadings } from '../dispatch/changed-readings.js';
import { DeliveryEntity } from '../dispatch/outcomes/delivery.entity.js';
import { type Subscriber, Subscriptions } from '../listeners/subscriptions.js';
import { EventsOptions } from '../events/events.options.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { isKnownType, typeOf } from '../events/event-types.js';
import type { PostackEvent } from '../events/postack-event.js';
import { InvalidReplayError } from './replay-errors.js';
import type { ReplayEntity } from './replay.entity.js';
import type { ReplaySpec } from './replay-request.js';

/** Number and range of the events that match a replay. */
export interface Extent {
  matched: number;
  /** Smallest and largest matching `InboxEventEntity.id`; `null` when no event matches. */
  firstEventId: string | null;
  lastEventId: string | null;
}

/** An event to redeliver, and the handlers to redeliver it to. */
export interface SelectedEvent {
  rowId: string;
  handlers: readonly Subscriber[];
}

/** SQL with its parameters. */
interface Condition {
  sql: string;
  values: unknown[];
  /** What an event was taken for. */
  kind: string;
}

/** Selects the events of a replay, and the handlers that receive them. */
@Injectable()
export class ReplaySelection {
  readonly #inbox: string;
  readonly #delivery: string;

  constructor(
    private readonly database: PostackDatabase,
    private readonly options: EventsOptions,
    private readonly subscriptions: Subscriptions,
    private readonly readings: ChangedReadings,
  ) {
    this.#inbox = database.table(InboxEventEntity);
    this.#delivery = database.table(DeliveryEntity);
  }

  /** Reads the subscriptions of all processes. */
  refresh(manager?: EntityManager): Promise<void> {
    return this.subscriptions.refresh(manager);
  }

  /** @throws {InvalidReplayError} when its listener is unknown, or a projection that cannot be replayed. */
  async extent(spec: ReplaySpec): Promise<Extent> {
    await this.refresh();
    const { sql, values } = this.#condition(spec);
    const [row] = await this.database.forLongStatements.query<
      { matched: string; first: string | null; last: string | null }[]
    >(
      `SELECT count(*) AS matched, min(e.id) AS first, max(e.id) AS last FROM ${this.#inbox} e WHERE ${sql}`,
      values,
    );
    return {
      matched: Number(row?.matched ?? 0),
      firstEventId: row?.first ?? null,
      lastEventId: row?.last ?? null,
    };
  }

  /**
   * Ids of the next events of a reinterpretation after `position` that may be read otherwise now, oldest first. Fewer than
   * `limit` at its end.
   */
  async nextIds(
    spec: ReplaySpec,
    { position, lastEventId }: Pick<ReplayEntity, 'position' | 'lastEventId'>,
    limit: number,
    manager: EntityManager,
  ): Promise<string[]> {
    const { sql, values } = this.#condition(spec);
    const [from, last, count] = [1, 2, 3].map((index) => `$${values.length + index}`);
    const rows = await runSql<{ id: string }[]>(
      manager,
      `SELECT e.id FROM ${this.#inbox} e
       WHERE e.id > ${from} AND e.id <= ${last} AND ${sql} AND ${await this.readings.mayDiffer()}
       ORDER BY e.id LIMIT ${count}`,
      [...values, position, lastEventId, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** @throws {InvalidReplayError} when one of these listeners is unknown. */
  checkListeners(names: readonly string[]): void {
    for (const name of names) if (name !== '*') this.receivers(name);
  }

  /** The next events of a replay after its `position`, oldest first. Fewer than `limit` at its end. */
  async next(replay: ReplayEntity, limit: number, manager: EntityManager): Promise<SelectedEvent[]> {
    await this.refresh(manager);
    const { sql, values, kind } = this.#condition(replay);
    const [position, last, count] = [1, 2, 3].map((index) => `$${values.length + index}`);
    const rows = await runSql<{ id: string; type: string; wireType: string; endpoint: string }[]>(
      manager,
      `SELECT e.id, ${kind} AS type, e.type AS "wireType", e.endpoint FROM ${this.#inbox} e
       WHERE e.id > ${position} AND e.id <= ${last} AND ${sql} ORDER BY e.id LIMIT ${count}`,
      [...values, replay.position, replay.lastEventId, limit],
    );
    if (replay.kind === 'redrive') {
      const deadOf = await this.#lockDead(rows, this.#redriven(replay), manager);
      return rows.map(({ id }) => ({ rowId: id, handlers: deadOf.get(id) ?? [] }));
    }
    const receivers = this.receivers(replay.listener);
    return rows.map((row) => ({ rowId: row.id, handlers: this.subscribed(row, receivers) }));
  }

  /**
   * The listeners that may receive replayed events: all, or the one of this name.
   *
   * @throws {InvalidReplayError} when it is unknown, or a projection.
   */
  receivers(name: string | null): Subscriber[] {
    if (name === null) return this.subscriptions.present.filter(({ kind }) => kind === 'listener');
    const handler = this.#handler(name);
    if (handler.kind === 'listener') return [handler];
    throw new InvalidReplayError(
      `"${name}" is a projection and cannot be replayed: it processes every event exactly once. ` +
        'Redrive its dead letters instead',
    );
  }

  /** Those of `receivers` that are subscribed to events of a type. */
  subscribed(
    event: Pick<PostackEvent, 'type' | 'wireType' | 'endpoint'>,
    receivers: readonly Subscriber[],
  ): Subscriber[] {
    const names = new Set(receivers.map(({ name }) => name));
    return this.subscriptions.routeOf(event).listeners.filter(({ name }) => names.has(name));
  }

  #condition(spec: ReplaySpec): Condition {
    const values: unknown[] = [];
    const $ = (value: unknown) => `$${values.push(value)}`;
    const kind = this.#kindSql;
    const statuses =
      spec.kind === 'reinterpret' ? `'dispatched', 'unhandled', 'quarantined'` : `'dispatched', 'unhandled'`;
    const parts = [`e.status IN (${statuses})`, 'e.body IS NOT NULL'];
    if (spec.endpoint !== null) parts.push(`e.endpoint = ${$(spec.endpoint)}`);
    if (spec.type !== null) parts.push(`e.type = ${$(spec.type)}`);
    if (spec.since) parts.push(`e.received_at >= ${$(spec.since)}`);
    if (spec.until) parts.push(`e.received_at < ${$(spec.until)}`);
    if (spec.status === 'dead' || spec.status === 'retrying') {
      // Implied by the status condition below, but can use an index: few events are in these states.
      parts.push(`e.id IN (SELECT d.event_id FROM ${this.#delivery} d WHERE d.status = ${$(spec.status)})`);
    }
    if (spec.status !== null) parts.push(`${eventStatusSql(this.database, 'e')} = ${$(spec.status)}`);
    if (spec.kind === 'reinterpret') return { sql: parts.join(' AND '), values, kind };
    if (spec.kind === 'redrive') {
      const handlers = this.#redriven(spec).map(({ name }) => name);
      parts.push(
        `e.id IN (SELECT d.event_id FROM ${this.#delivery} d
           WHERE d.status = 'dead' AND d.handler = ANY (${$(handlers)}::text[]))`,
      );
      return { sql: parts.join(' AND '), values, kind };
    }
    const receivers = this.receivers(spec.listener);
    const types = new Set(receivers.flatMap((receiver) => receiver.types));
    const endpoints = new Set(receivers.map(({ endpoint }) => endpoint));
    if (!endpoints.has(null)) parts.push(`e.endpoint = ANY (${$([...endpoints])}::text[])`);
    if (!types.has('*')) {
      const others = [...types].filter((type) => !isKnownType(type));
      parts.push(`(${kind} = ANY (${$([...types])}::text[]) OR e.type = ANY (${$(others)}::text[]))`);
    }
    if (spec.kind === 'backfill') {
      parts.push(
        `NOT EXISTS (SELECT 1 FROM ${this.#delivery} d WHERE d.event_id = e.id AND d.handler = ${$(spec.listener)})`,
      );
    }
    return { sql: parts.join(' AND '), values, kind };
  }

  /** What an event was taken for; derived from its type where that is not stored. */
  get #kindSql(): string {
    const types = Object.entries(this.options.eventTypes).map(([name, kind]) => [name, typeOf(kind)]);
    const json = JSON.stringify(Object.fromEntries(types)).replaceAll("'", "''");
    return `coalesce(e.kind, '${json}'::jsonb ->> e.type, 'unknown')`;
  }

  /** @throws {InvalidReplayError} */
  #redriven({ listener: name }: ReplaySpec): Subscriber[] {
    return name === null ? this.subscriptions.present : [this.#handler(name)];
  }

  #handler(name: string): Subscriber {
    const handler = this.subscriptions.get(name);
    if (handler?.isPresent) return handler;
    throw new InvalidReplayError(`There is no listener with the name "${name}"`);
  }

  /** Locks dead letters: an operator may redrive or discard one at the same time. */
  async #lockDead(
    rows: readonly { id: string }[],
    handlers: readonly Subscriber[],
    manager: EntityManager,
  ): Promise<Map<string, Subscriber[]>> {
    const dead = await runSql<{ event_id: string; handler: string }[]>(
      manager,
      `SELECT event_id, handler FROM ${this.#delivery}
       WHERE event_id = ANY ($1::bigint[]) AND handler = ANY ($2::text[]) AND status = 'dead'
       ORDER BY event_id, handler FOR UPDATE`,
      [rows.map(({ id }) => id), handlers.map(({ name }) => name)],
    );
    const byName = new Map(handlers.map((handler) => [handler.name, handler]));
    const deadOf = Map.groupBy(dead, ({ event_id }) => event_id);
    return new Map(
      [...deadOf].map(([id, list]) => [id, list.flatMap(({ handler }) => byName.get(handler) ?? [])]),
    );
  }
}
