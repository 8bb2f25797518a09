import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PostackDatabase } from '../database/postack-database.js';
import type { AnyPostackEvent } from '../events/event-types.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { Notifications } from '../jobs/notifications.js';
import type { EventRoute, Handler } from '../listeners/handler.js';
import { HandlerRegistry } from '../listeners/handler-registry.js';
import { DeliveryQueue } from './deliveries/delivery-queue.js';
import { DispatchTimeoutError } from './dispatch-errors.js';
import { Outcomes } from './outcomes/outcomes.js';
import { recordedError } from './outcomes/recorded-error.js';
import { ProjectionFailedError, ProjectionRunner } from './projection-runner.js';
import { StoredEvents, type StoredEvent } from './stored-events.js';

/** Ids are assigned before the commit: this many events may become visible after one with a higher id. */
const LATE_COMMITS = 5000n;

/** A committed batch. */
export interface DispatchedBatch {
  events: AnyPostackEvent[];
  /** Names of the handlers with new jobs. */
  handlersToWake: string[];
}

/** Runs a projection on its events. Resolves to whether jobs were enqueued for it. */
type ProjectionStep = (projection: Handler, batch: StoredEvent[], manager: EntityManager) => Promise<boolean>;

/** Writes in the transaction of a batch, before its commit. An error rolls back the whole batch. */
export type BatchObserver = (events: readonly AnyPostackEvent[], manager: EntityManager) => Promise<void>;

/** One transaction of the dispatcher: claim, project, enqueue, mark, commit. */
@Injectable()
export class DispatchBatch {
  readonly #observers: BatchObserver[] = [];
  /** An `InboxEventEntity.id`; it is unlikely that an earlier event is still undispatched. */
  #claimFrom = 0n;

  constructor(
    private readonly database: PostackDatabase,
    private readonly registry: HandlerRegistry,
    private readonly events: StoredEvents,
    private readonly outcomes: Outcomes,
    private readonly projections: ProjectionRunner,
    private readonly deliveries: DeliveryQueue,
    private readonly notifications: Notifications,
  ) {}

  /** Registers an observer that sees the events of every type exactly once, without being a handler. */
  onBatch(observer: BatchObserver): void {
    this.#observers.push(observer);
  }

  /**
   * Dispatches up to `limit` events; none when there are none, or when other processes have claimed them all.
   *
   * @param isFullScan Whether to search the inbox from its beginning. Searching only the newer events is faster, but
   *   may miss some whose commit took long.
   * @throws {DispatchTimeoutError} when it is not done after `timeoutMs`. Its connection is closed then, which rolls
   *   back the transaction.
   */
  async run(limit: number, timeoutMs: number, isFullScan: boolean): Promise<DispatchedBatch> {
    const afterRowId = isFullScan ? 0n : this.#claimFrom;
    const timedOut = () => new DispatchTimeoutError(timeoutMs);
    const attempt = (runProjection: ProjectionStep) =>
      this.database.transactionWithTimeout(timeoutMs, timedOut, async (manager) => {
        const claimed = await this.events.claim(manager, limit, afterRowId, timeoutMs);
        if (claimed.length === 0) return { claimed, handlersToWake: [] };
        return { claimed, handlersToWake: await this.#dispatch(claimed, manager, runProjection) };
      });
    const { claimed, handlersToWake } = await attempt(this.#project).catch((error: unknown) => {
      if (error instanceof DispatchTimeoutError) throw error;
      // Projections rarely fail, so only a batch that failed pays for isolating the event that is to blame. Any error
      // may be caused by a projection: one that swallows an error of PostgreSQL leaves an aborted transaction.
      const failed = error instanceof ProjectionFailedError ? error : undefined;
      return attempt((projection, batch, manager) =>
        this.#projectIsolated(projection, batch, manager, failed),
      );
    });
    this.#advanceClaim(claimed);
    return { events: claimed.map(({ event }) => event), handlersToWake };
  }

  /** Resolves to the names of the handlers with new jobs. */
  async #dispatch(
    claimed: readonly StoredEvent[],
    manager: EntityManager,
    runProjection: ProjectionStep,
  ): Promise<string[]> {
    const names: string[] = [];
    for (const [projection, batch] of this.#byHandler(claimed, 'projections')) {
      if (await runProjection(projection, batch, manager)) names.push(projection.name);
    }
    for (const [listener, batch] of this.#byHandler(claimed, 'listeners')) {
      await this.deliveries.enqueue(listener, batch, manager);
      names.push(listener.name);
    }
    const events = claimed.map(({ event }) => event);
    for (const observer of this.#observers) await observer(events, manager);
    await this.#mark(claimed, manager);
    if (names.length > 0) await this.notifications.deliveries(names, manager, { elsewhereOnly: true });
    return names;
  }

  #advanceClaim(claimed: readonly StoredEvent[]): void {
    const newest = claimed.at(-1);
    if (!newest) return;
    const from = BigInt(newest.rowId) - LATE_COMMITS;
    if (from > this.#claimFrom) this.#claimFrom = from;
  }

  #byHandler(
    claimed: readonly StoredEvent[],
    kind: 'projections' | 'listeners',
  ): Map<Handler, StoredEvent[]> {
    const batches = new Map<Handler, StoredEvent[]>();
    for (const stored of claimed) {
      for (const handler of this.registry.routeOf(stored.wireType)[kind]) {
        const batch = batches.get(handler);
        if (batch) batch.push(stored);
        else batches.set(handler, [stored]);
      }
    }
    return batches;
  }

  readonly #project: ProjectionStep = async (projection, batch, manager) => {
    await this.projections.runBatch(projection, batch, manager);
    return false;
  };

  /** Events that the projection fails on are set aside as jobs of its own worker. True when there are any. */
  async #projectIsolated(
    projection: Handler,
    batch: StoredEvent[],
    manager: EntityManager,
    failed: ProjectionFailedError | undefined,
  ): Promise<boolean> {
    const poisoned = await this.projections.runBatchIsolated(projection, batch, manager, failed);
    if (poisoned.length === 0) return false;
    await this.outcomes.record(
      projection.name,
      poisoned.map(({ stored, error }) => ({
        rowId: stored.rowId,
        delivery: 0,
        status: 'retrying',
        attempts: 1,
        error: recordedError(error, [stored.event]),
        nextAttemptAt: new Date(),
      })),
      manager,
    );
    const events = poisoned.map(({ stored }) => stored);
    await this.deliveries.enqueue(projection, events, manager);
    return true;
  }

  /** One statement for events of all types. */
  async #mark(claimed: readonly StoredEvent[], manager: EntityManager): Promise<void> {
    const routes = claimed.map(({ wireType }) => this.registry.routeOf(wireType));
    const names = (handlers: readonly Handler[]) => handlers.map(({ name }) => name).join(',');
    const isHandled = ({ projections, listeners }: EventRoute) => projections.length + listeners.length > 0;
    await manager.query(MARK_DISPATCHED(this.database.table(InboxEventEntity)), [
      claimed.map(({ rowId }) => rowId),
      routes.map((route) => (isHandled(route) ? 'dispatched' : 'unhandled')),
      routes.map(({ projections }) => names(projections)),
      routes.map(({ listeners }) => names(listeners)),
    ]);
  }
}

const MARK_DISPATCHED = (inbox: string) => `
  UPDATE ${inbox} AS e SET
    status = marked.status,
    dispatched_at = clock_timestamp(),
    projections = string_to_array(marked.projections, ','),
    listeners = string_to_array(marked.listeners, ',')
  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS marked (id, status, projections, listeners)
  WHERE e.id = marked.id`;
