import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AnyPostackEvent } from '../events/event-types.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { PostackDatabase } from '../database/postack-database.js';
import type { EventRoute, Handler } from '../listeners/handler.js';
import { HandlerRegistry } from '../listeners/handler-registry.js';
import { DeliveryQueue } from './deliveries/delivery-queue.js';
import { Notifications } from '../jobs/notifications.js';
import { Outcomes } from './outcomes/outcomes.js';
import { recordedError } from './outcomes/recorded-error.js';
import { ProjectionFailedError, ProjectionRunner } from './projection-runner.js';
import { StoredEvents, type StoredEvent } from './stored-events.js';

/** Ids are given out before the commit: so many events may become visible after one with a higher id. */
const LATE_COMMITS = 5000n;

/** What one committed batch was about. */
export interface DispatchedBatch {
  events: AnyPostackEvent[];
  /** Names of the handlers that have new jobs. */
  woken: string[];
}

/** Runs a projection on its events. True when it has new jobs. */
type ProjectionStep = (projection: Handler, batch: StoredEvent[], manager: EntityManager) => Promise<boolean>;

/** A dispatch transaction took too long. */
export class DispatchTimeoutError extends Error {
  readonly code = 'POSTACK_DISPATCH_TIMEOUT';
  override readonly name = 'DispatchTimeoutError';

  constructor(timeoutMs: number) {
    super(`not done after ${timeoutMs} ms: PostgreSQL does not answer, or a projection hangs`);
  }
}

/** Writes along in the transaction of a batch, before it is committed. What it throws undoes the whole batch. */
export type BatchObserver = (events: readonly AnyPostackEvent[], manager: EntityManager) => Promise<void>;

/** One transaction of the dispatcher: claim, project, hand over, mark, commit. */
@Injectable()
export class DispatchBatch {
  readonly #inbox: string;
  readonly #observers: BatchObserver[] = [];
  /** Hardly any event before this one can still be waiting, as `InboxEventEntity.id`. */
  #claimFrom = 0n;

  constructor(
    private readonly database: PostackDatabase,
    private readonly registry: HandlerRegistry,
    private readonly events: StoredEvents,
    private readonly outcomes: Outcomes,
    private readonly projections: ProjectionRunner,
    private readonly deliveries: DeliveryQueue,
    private readonly notifications: Notifications,
  ) {
    this.#inbox = database.table(InboxEventEntity);
  }

  /** For what has to see the events of every type, exactly once: known to the dispatcher only, and no handler. */
  onBatch(observer: BatchObserver): void {
    this.#observers.push(observer);
  }

  /**
   * Dispatches up to `limit` events; none when there are none, or other processes have them all.
   *
   * @param isThorough Whether to look for events from the very beginning. Looking only at the newer ones is faster,
   *   and may miss some that took long to commit.
   * @throws {DispatchTimeoutError} when it is not done after `timeoutMs`; its connection is closed then, and with it
   *   the transaction is undone.
   */
  async run(limit: number, timeoutMs: number, isThorough: boolean): Promise<DispatchedBatch> {
    const afterRowId = isThorough ? 0n : this.#claimFrom;
    const timedOut = () => new DispatchTimeoutError(timeoutMs);
    const attempt = (runProjections: ProjectionStep) =>
      this.database.transactionWithTimeout(timeoutMs, timedOut, async (manager) => {
        const claimed = await this.events.claim(manager, limit, afterRowId, timeoutMs);
        if (claimed.length === 0) return { claimed, woken: [] };
        return { claimed, woken: await this.#dispatch(claimed, manager, runProjections) };
      });
    const { claimed, woken } = await attempt(this.#project).catch((error: unknown) => {
      if (error instanceof DispatchTimeoutError) throw error;
      // Projections hardly ever fail: what it costs to find out which event is to blame, only those batches pay. Any
      // error may be a projection's: one that swallows PostgreSQL's leaves a transaction in which nothing works.
      const failed = error instanceof ProjectionFailedError ? error : undefined;
      return attempt((projection, batch, manager) => this.#setAside(projection, batch, manager, failed));
    });
    this.#haveClaimed(claimed);
    return { events: claimed.map(({ event }) => event), woken };
  }

  /** Resolves to the names of the handlers that have new jobs. */
  async #dispatch(
    claimed: readonly StoredEvent[],
    manager: EntityManager,
    runProjections: ProjectionStep,
  ): Promise<string[]> {
    const woken: string[] = [];
    for (const [projection, batch] of this.#byHandler(claimed, 'projections')) {
      if (await runProjections(projection, batch, manager)) woken.push(projection.name);
    }
    for (const [listener, batch] of this.#byHandler(claimed, 'listeners')) {
      await this.deliveries.enqueue(listener, batch, manager);
      woken.push(listener.name);
    }
    const events = claimed.map(({ event }) => event);
    for (const observer of this.#observers) await observer(events, manager);
    await this.#mark(claimed, manager);
    if (woken.length > 0) await this.notifications.deliveries(woken, manager, { elsewhereOnly: true });
    return woken;
  }

  #haveClaimed(claimed: readonly StoredEvent[]): void {
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

  /** Events that the projection cannot take become jobs of its own worker. True when there are any. */
  async #setAside(
    projection: Handler,
    batch: StoredEvent[],
    manager: EntityManager,
    failed: ProjectionFailedError | undefined,
  ): Promise<boolean> {
    const poisoned = await this.projections.runBatchCarefully(projection, batch, manager, failed);
    if (poisoned.length === 0) return false;
    await this.outcomes.record(
      projection.name,
      poisoned.map(({ stored, error }) => ({
        rowId: stored.rowId,
        delivery: 0,
        status: 'retrying',
        attempts: 1,
        failure: recordedError(error, [stored.event]),
        nextAttemptAt: new Date(),
      })),
      manager,
    );
    const events = poisoned.map(({ stored }) => stored);
    await this.deliveries.enqueue(projection, events, manager);
    return true;
  }

  /** One statement, whatever the mix of types. */
  async #mark(claimed: readonly StoredEvent[], manager: EntityManager): Promise<void> {
    const routes = claimed.map(({ wireType }) => this.registry.routeOf(wireType));
    const names = (handlers: readonly Handler[]) => handlers.map(({ name }) => name).join(',');
    const isHandled = ({ projections, listeners }: EventRoute) => projections.length + listeners.length > 0;
    await manager.query(
      `UPDATE ${this.#inbox} AS e SET
         status = marked.status,
         dispatched_at = clock_timestamp(),
         projections = string_to_array(marked.projections, ','),
         listeners = string_to_array(marked.listeners, ',')
       FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS marked (id, status, projections, listeners)
       WHERE e.id = marked.id`,
      [
        claimed.map(({ rowId }) => rowId),
        routes.map((route) => (isHandled(route) ? 'dispatched' : 'unhandled')),
        routes.map(({ projections }) => names(projections)),
        routes.map(({ listeners }) => names(listeners)),
      ],
    );
  }
}
