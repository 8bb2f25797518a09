import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PostackDatabase } from '../database/postack-database.js';
import type { AnyPostackEvent } from '../events/event-types.js';
import { isIgnored } from '../events/unknown-postack.event.js';
import { UnrecognizedEvents } from '../events/unrecognized-events.js';
import { EventMappings } from '../inbox/event-mappings.js';
import { Notifications } from '../jobs/notifications.js';
import type { Handler } from '../listeners/handler.js';
import { BatchObservers } from './batch-observers.js';
import { DeliveryPlan } from './deliveries/delivery-plan.js';
import { HandlerWorkers } from './deliveries/handler-workers.js';
import { Leases } from '../jobs/leases.js';
import { type BlockedGroups, type DispatchedEvent, Ledger } from './deliveries/ledger.js';
import { DispatchTimeoutError } from './dispatch-errors.js';
import { dispatchedStatus } from './outcomes/event-status.js';
import { ProjectionFailedError, ProjectionRunner } from './projection-runner.js';
import { StoredEvents, type StoredEvent } from './stored-events.js';
import { type EventRoute, type Subscriber, Subscriptions } from '../listeners/subscriptions.js';

/** Ids are assigned before the commit: this many events may become visible after one with a higher id. */
const LATE_COMMITS = 5000n;

/** The subscribers to each event of a batch. */
type Routes = ReadonlyMap<AnyPostackEvent, EventRoute>;

/** Runs a projection on its events. */
type ProjectionStep = (projection: Handler, batch: StoredEvent[], manager: EntityManager) => Promise<void>;

/** One transaction of the dispatcher: claim, project, deliver, mark, commit. */
@Injectable()
export class DispatchBatch {
  /** An `InboxEventEntity.id`; it is unlikely that an earlier event is still undispatched. */
  #claimFrom = 0n;

  constructor(
    private readonly database: PostackDatabase,
    private readonly subscriptions: Subscriptions,
    private readonly events: StoredEvents,
    private readonly projections: ProjectionRunner,
    private readonly ledger: Ledger,
    private readonly leases: Leases,
    private readonly workers: HandlerWorkers,
    private readonly notifications: Notifications,
    private readonly unrecognized: UnrecognizedEvents,
    private readonly mappings: EventMappings,
    private readonly observers: BatchObservers,
  ) {}

  /**
   * Dispatches up to `limit` events; none when there are none, or when other processes have claimed them all.
   *
   * @param isFullScan Whether to search the inbox from its beginning. Searching only the newer events is faster, but
   *   may miss some whose commit took long.
   * @returns the events, dispatched.
   * @throws {DispatchTimeoutError} when it is not done after `timeoutMs`. Its connection is closed then, which rolls
   *   back the transaction.
   */
  async run(limit: number, timeoutMs: number, isFullScan: boolean): Promise<AnyPostackEvent[]> {
    const afterRowId = isFullScan ? 0n : this.#claimFrom;
    const attempt = (runProjection: ProjectionStep) =>
      this.#attempt({ limit, timeoutMs, afterRowId }, runProjection);
    const claimed = await attempt(this.#project).catch((error: unknown) => {
      if (error instanceof DispatchTimeoutError) throw error;
      // Projections rarely fail, so only a batch that failed pays for isolating the event that is to blame. Any error
      // may be caused by a projection: one that swallows an error of PostgreSQL leaves an aborted transaction.
      const failed = error instanceof ProjectionFailedError ? error : undefined;
      return attempt((projection, batch, manager) =>
        this.#projectIsolated(projection, batch, manager, failed),
      );
    });
    this.#advanceClaim(claimed);
    return claimed.map(({ event }) => event);
  }

  /** Claims, dispatches and commits a batch, then hands it to the listeners. Resolves to its events. */
  async #attempt(
    { limit, timeoutMs, afterRowId }: { limit: number; timeoutMs: number; afterRowId: bigint },
    runProjection: ProjectionStep,
  ): Promise<StoredEvent[]> {
    const mappingId = await this.mappings.current();
    const progress: { plan?: DeliveryPlan; routes: Routes; blocked: BlockedGroups; isCommitting: boolean } = {
      routes: new Map(),
      blocked: [],
      isCommitting: false,
    };
    try {
      const timedOut = () => new DispatchTimeoutError(timeoutMs);
      const claimed = await this.database.transactionWithTimeout(timeoutMs, timedOut, async (manager) => {
        const { events, subscriptions } = await this.events.claim(manager, limit, afterRowId, timeoutMs);
        if (events.length === 0) return [];
        await this.subscriptions.ensure(subscriptions, manager);
        progress.plan = new DeliveryPlan(this.workers, this.leases.current);
        progress.routes = new Map(events.map(({ event }) => [event, this.subscriptions.routeOf(event)]));
        progress.blocked = await this.#dispatch(
          events,
          progress.routes,
          progress.plan,
          mappingId,
          manager,
          runProjection,
        );
        progress.isCommitting = true;
        return events;
      });
      progress.plan?.handOver();
      this.#recognize(progress.routes);
      this.#unblock(progress.blocked);
      return claimed;
    } catch (error) {
      const { plan, isCommitting } = progress;
      plan?.abandon();
      // The commit may have been done although it failed here.
      if (isCommitting && plan?.lease) this.leases.doubt(plan.lease);
      throw error;
    }
  }

  async #dispatch(
    claimed: readonly StoredEvent[],
    routes: Routes,
    plan: DeliveryPlan,
    mappingId: number,
    manager: EntityManager,
    runProjection: ProjectionStep,
  ): Promise<BlockedGroups> {
    for (const [projection, batch] of bySubscriber(claimed, routes, 'projections')) {
      // A projection that only other processes have gets its events one by one, from there.
      if (projection.handler) await runProjection(projection.handler, batch, manager);
      else plan.add(projection, batch);
    }
    for (const [listener, batch] of bySubscriber(claimed, routes, 'listeners')) plan.add(listener, batch);
    const events = claimed.map(({ event }) => event);
    await this.observers.notify(events, manager);
    const blocked = await this.ledger.dispatch(
      marksOf(claimed, routes),
      plan.deliveries,
      plan.lease,
      mappingId,
      manager,
    );
    const waiting = [...plan.waiting];
    if (waiting.length > 0) await this.notifications.deliveries(waiting, manager, { elsewhereOnly: true });
    return blocked;
  }

  #recognize(routes: Routes): void {
    for (const [event, { projections, listeners }] of routes) {
      if (projections.length + listeners.length > 0) this.unrecognized.check(event);
      else if (!isIgnored(event)) this.unrecognized.unhandled(event);
    }
  }

  #unblock(blocked: BlockedGroups): void {
    for (const { handler, orderKeys } of blocked) {
      void this.ledger.unblock(handler, orderKeys).then(
        () => {
          this.workers.expect([handler]);
        },
        // Found by the next sweep.
        () => undefined,
      );
    }
  }

  #advanceClaim(claimed: readonly StoredEvent[]): void {
    const newest = claimed.at(-1);
    if (!newest) return;
    const from = BigInt(newest.rowId) - LATE_COMMITS;
    if (from > this.#claimFrom) this.#claimFrom = from;
  }

  readonly #project: ProjectionStep = (projection, batch, manager) =>
    this.projections.runBatch(projection, batch, manager);

  /** Events that the projection fails on are set aside as deliveries of its own. */
  async #projectIsolated(
    projection: Handler,
    batch: StoredEvent[],
    manager: EntityManager,
    failed: ProjectionFailedError | undefined,
  ): Promise<void> {
    const poisoned = await this.projections.runBatchIsolated(projection, batch, manager, failed);
    if (poisoned.length > 0) await this.ledger.setAside(projection, poisoned, manager);
  }
}

function marksOf(claimed: readonly StoredEvent[], routes: Routes): DispatchedEvent[] {
  return claimed.map(({ rowId, event }) => {
    const route = routes.get(event) ?? NO_SUBSCRIBER;
    return {
      rowId,
      kind: event.type,
      status: dispatchedStatus(event, route),
      projections: route.projections.map(({ name }) => name),
    };
  });
}

const NO_SUBSCRIBER: EventRoute = { projections: [], listeners: [] };

function bySubscriber(
  claimed: readonly StoredEvent[],
  routes: Routes,
  kind: keyof EventRoute,
): Map<Subscriber, StoredEvent[]> {
  const batches = new Map<Subscriber, StoredEvent[]>();
  for (const stored of claimed) {
    for (const subscriber of routes.get(stored.event)?.[kind] ?? []) {
      const batch = batches.get(subscriber);
      if (batch) batch.push(stored);
      else batches.set(subscriber, [stored]);
    }
  }
  return batches;
}
