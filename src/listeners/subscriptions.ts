import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../database/run-sql.js';
import { PostackDatabase } from '../database/postack-database.js';
import type { PostackEvent } from '../events/postack-event.js';
import { subscriptionCovers } from './handler-metadata.js';
import type { Handler } from './handler.js';
import { HandlerRegistry } from './handler-registry.js';
import type { Ordering } from './order-key.js';
import { SubscriptionEntity } from './subscription.entity.js';
import { subscriptionsVersion } from './subscriptions-version.js';
import { WorkerEntity } from '../jobs/worker.entity.js';

/** A listener or projection, of whatever process. */
export interface Subscriber {
  name: string;
  kind: 'listener' | 'projection';
  /** Names of event types; `*` for all. */
  types: readonly string[];
  /** Only events of this endpoint; `null` for all. */
  endpoint: string | null;
  ordered: Ordering | null;
  /** A projection that takes part when stored events are read again with another mapping. */
  reinterprets: boolean;
  /** The last time that a running process had it, to the minute. */
  declaredAt: Date;
  /** Whether a running process has it. */
  isPresent: boolean;
  /** In this process; `undefined` when only other processes have it. */
  handler: Handler | undefined;
}

/** The subscribers to one type of event. */
export interface EventRoute {
  projections: readonly Subscriber[];
  listeners: readonly Subscriber[];
}

/** Who subscribes to what, over all processes on the database. The table is read again whenever it has changed. */
@Injectable()
export class Subscriptions {
  readonly #logger = new Logger('PostackDispatch');
  readonly #table: string;
  readonly #worker: string;
  #subscribers = new Map<string, Subscriber>();
  #routes = new Map<string, EventRoute>();
  #version: string | undefined;

  constructor(
    private readonly database: PostackDatabase,
    private readonly registry: HandlerRegistry,
  ) {
    this.#table = database.table(SubscriptionEntity);
    this.#worker = database.table(WorkerEntity);
  }

  /** Writes the subscriptions of this process's handlers. Events that are dispatched from then on are delivered to them. */
  async declare(): Promise<void> {
    const handlers = this.#localHandlers();
    await this.database.query(DECLARE(this.#table), [
      handlers.map(({ name }) => name),
      handlers.map(({ kind }) => kind),
      handlers.map((handler) => JSON.stringify(typesOf(handler))),
      handlers.map(({ settings }) => settings.ordered),
      handlers.map(({ reinterprets }) => reinterprets),
      handlers.map(({ endpoint }) => endpoint),
    ]);
    // Switched off here, and no other process has it: nothing is to be delivered to it.
    await this.database.query(
      `DELETE FROM ${this.#table} s WHERE handler = ANY ($1::text[]) AND NOT EXISTS (
         SELECT 1 FROM ${this.#worker} w WHERE s.handler = ANY (w.handlers))`,
      [this.registry.switchedOff],
    );
    await this.refresh();
    const elsewhere = this.all.filter(({ handler }) => !handler).map(({ name }) => name);
    if (elsewhere.length > 0) {
      this.#logger.log(`Handlers of other processes, which get their events there: ${elsewhere.join(', ')}`);
    }
  }

  /** Keeps `declaredAt` up to date. */
  async renew(): Promise<void> {
    await this.database.query(
      `UPDATE ${this.#table} SET declared_at = now()
       WHERE handler = ANY ($1::text[]) AND declared_at < now() - interval '1 minute'`,
      [this.#localHandlers().map(({ name }) => name)],
    );
  }

  /** Reads the table again, unless it still has this version. */
  async ensure(version: string, manager: EntityManager): Promise<void> {
    if (version !== this.#version) await this.refresh(manager);
  }

  async refresh(manager = this.database.manager): Promise<void> {
    const rows: (Pick<Subscriber, 'kind' | 'types' | 'endpoint' | 'ordered' | 'reinterprets'> & {
      handler: string;
      declared_at: Date;
      is_present: boolean;
      version: string;
    })[] = await runSql(
      manager,
      `SELECT s.*, ${subscriptionsVersion(this.#table)} AS version,
         EXISTS (SELECT 1 FROM ${this.#worker} w WHERE s.handler = ANY (w.handlers)) AS is_present
       FROM ${this.#table} s ORDER BY s.handler`,
    );
    const subscribers = rows.map((row): Subscriber => {
      const { handler: name, kind, types, endpoint, ordered, reinterprets, declared_at: declaredAt } = row;
      const local = this.registry.get(name);
      const handler = local?.kind === kind ? local : undefined;
      return {
        name,
        kind,
        types,
        endpoint,
        ordered,
        reinterprets,
        declaredAt,
        isPresent: row.is_present || handler !== undefined,
        handler,
      };
    });
    this.#subscribers = new Map(subscribers.map((subscriber) => [subscriber.name, subscriber]));
    // A process that only accepts does not declare its handlers.
    for (const handler of this.#localHandlers()) {
      if (this.#subscribers.has(handler.name)) continue;
      const { name, kind, settings, reinterprets, endpoint } = handler;
      this.#subscribers.set(name, {
        ...{
          name,
          kind,
          types: typesOf(handler),
          endpoint,
          ordered: settings.ordered,
          reinterprets,
          declaredAt: new Date(),
          isPresent: true,
          handler,
        },
      });
    }
    this.#routes = new Map();
    this.#version = rows[0]?.version;
  }

  /** Sorted by name. */
  get all(): Subscriber[] {
    return [...this.#subscribers.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Those that a running process has. */
  get present(): Subscriber[] {
    return this.all.filter(({ isPresent }) => isPresent);
  }

  get(name: string): Subscriber | undefined {
    return this.#subscribers.get(name);
  }

  /** The subscribers to events of a type and an endpoint. */
  routeOf({ type, wireType, endpoint }: Pick<PostackEvent, 'type' | 'wireType' | 'endpoint'>): EventRoute {
    const key = `${endpoint} ${type} ${wireType}`;
    let route = this.#routes.get(key);
    if (!route) {
      const event = { type, wireType };
      const covering = this.all.filter(
        (one) =>
          (one.endpoint ?? endpoint) === endpoint &&
          one.types.some((name) => subscriptionCovers(name, event)),
      );
      const local = this.registry.projections;
      route = {
        // One projection may use what another has written in the same batch: in the order of the application.
        projections: local
          .flatMap((handler) => covering.filter((subscriber) => subscriber.handler === handler))
          .concat(covering.filter(({ kind, handler }) => kind === 'projection' && !handler)),
        listeners: covering.filter(({ kind }) => kind === 'listener'),
      };
      this.#routes.set(key, route);
    }
    return route;
  }

  #localHandlers(): Handler[] {
    return [...this.registry.projections, ...this.registry.listeners];
  }
}

/** The types that a handler subscribes to, by name. */
export function typesOf({ subscriptions }: Handler): string[] {
  return subscriptions.map((one) => (typeof one === 'string' ? one : one.type));
}

const DECLARE = (subscription: string) => `
  INSERT INTO ${subscription} AS s (handler, kind, types, ordered, reinterprets, endpoint)
  SELECT handler, kind, ARRAY(SELECT jsonb_array_elements_text(types)), ordered, reinterprets, endpoint
  FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::text[], $5::boolean[], $6::text[])
    AS new (handler, kind, types, ordered, reinterprets, endpoint)
  ORDER BY handler
  ON CONFLICT (handler) DO UPDATE SET
    kind = excluded.kind, types = excluded.types, ordered = excluded.ordered,
    reinterprets = excluded.reinterprets, endpoint = excluded.endpoint, declared_at = now()`;
