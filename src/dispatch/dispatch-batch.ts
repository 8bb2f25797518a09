import type { Client } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import type { AnyPostackEvent } from '../events/event-types.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { tableName } from '../table-name.js';
import type { EventRoute, Handler } from './handler.js';
import type { HandlerRegistry } from './handler-registry.js';
import type { JobQueue } from './job-queue.js';
import type { Outcomes } from './outcomes.js';
import type { ProjectionRunner } from './projection-runner.js';
import { storedFailure } from './stored-failure.js';
import type { StoredEvent, StoredEvents } from './stored-events.js';

/** What one committed batch was about. */
export interface DispatchedBatch {
  events: AnyPostackEvent[];
  /** Names of the handlers that have new jobs. */
  woken: string[];
}

/** A dispatch transaction took too long. */
export class DispatchTimeoutError extends Error {
  readonly code = 'POSTACK_DISPATCH_TIMEOUT';
  override readonly name = 'DispatchTimeoutError';

  constructor(timeoutMs: number) {
    super(`not done after ${timeoutMs} ms: PostgreSQL does not answer, or a projection hangs`);
  }
}

/** One transaction of the dispatcher: claim, project, hand over, mark, commit. */
export class DispatchBatch {
  readonly #inbox: string;

  constructor(
    private readonly dataSource: DataSource,
    private readonly registry: HandlerRegistry,
    private readonly jobs: JobQueue,
    private readonly events: StoredEvents,
    private readonly outcomes: Outcomes,
    private readonly projections: ProjectionRunner,
  ) {
    this.#inbox = tableName(dataSource, InboxEventEntity);
  }

  /**
   * Dispatches up to `limit` events; none when there are none, or other processes have them all.
   *
   * @throws {DispatchTimeoutError} when it is not done after `timeoutMs`; its connection is closed then, and with it
   *   the transaction is undone.
   */
  async run(limit: number, timeoutMs: number): Promise<DispatchedBatch> {
    const queryRunner = this.dataSource.createQueryRunner();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new DispatchTimeoutError(timeoutMs));
        // What cannot be had cannot be closed either; the dispatch itself tells of it.
        abandon(queryRunner).catch(() => undefined);
      }, timeoutMs);
    });
    try {
      return await Promise.race([this.#dispatch(limit, queryRunner), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #dispatch(limit: number, queryRunner: QueryRunner): Promise<DispatchedBatch> {
    try {
      await queryRunner.startTransaction();
      const claimed = await this.events.claim(queryRunner.manager, limit);
      const woken: string[] = [];
      if (claimed.length > 0) {
        for (const [projection, batch] of this.#byHandler(claimed, 'projections')) {
          if (await this.#project(projection, batch, queryRunner)) woken.push(projection.name);
        }
        for (const [listener, batch] of this.#byHandler(claimed, 'listeners')) {
          await this.#handOver(listener, batch, queryRunner);
          woken.push(listener.name);
        }
        await this.#mark(claimed, queryRunner.manager);
      }
      await queryRunner.commitTransaction();
      return { events: claimed.map(({ event }) => event), woken };
    } catch (error) {
      // A lost connection cannot roll back, and need not; the first error is the one to report.
      if (queryRunner.isTransactionActive) await queryRunner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await queryRunner.release();
    }
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

  /** Events that the projection cannot take become jobs of its own lane. True when there are any. */
  async #project(projection: Handler, batch: StoredEvent[], queryRunner: QueryRunner): Promise<boolean> {
    const poisoned = await this.projections.runBatch(projection, batch, queryRunner.manager);
    if (poisoned.length === 0) return false;
    await this.outcomes.record(
      projection.name,
      poisoned.map(({ stored, error }) => ({
        rowId: stored.rowId,
        status: 'failing',
        attempts: 1,
        failure: storedFailure(error),
        jobId: null,
      })),
      queryRunner.manager,
    );
    await this.#handOver(
      projection,
      poisoned.map(({ stored }) => stored),
      queryRunner,
    );
    return true;
  }

  async #handOver(handler: Handler, batch: readonly StoredEvent[], queryRunner: QueryRunner): Promise<void> {
    await this.jobs.boss.insert(
      handler.queue,
      batch.map(({ rowId }) => ({ data: { eventId: rowId } })),
      { db: this.jobs.within(queryRunner) },
    );
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

/** Closes a connection in the middle of whatever it does, and takes it out of the pool. */
async function abandon(queryRunner: QueryRunner): Promise<void> {
  const connection = (await queryRunner.connect()) as Client;
  await connection.end();
  await queryRunner.release();
}
