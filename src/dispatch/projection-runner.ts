import { Inject, Injectable, Logger } from '@nestjs/common';
import type { EventEmitter2 } from '@nestjs/event-emitter';
import { LISTENER_EMITTER } from '../listeners/listener-emitter.js';
import type { EntityManager } from 'typeorm';
import { loggableError } from '../errors/loggable-error.js';
import { PostackDatabase } from '../database/postack-database.js';
import type { Handler } from '../listeners/handler.js';
import { Outcomes } from './outcomes/outcomes.js';
import type { HandlerEvent, StoredEvent } from './stored-events.js';

/** An event that a projection could not take, and why. */
export interface PoisonedEvent {
  stored: StoredEvent;
  error: unknown;
}

/** A projection has failed on a batch: its events have to be tried one by one, in another transaction. */
export class ProjectionFailedError extends Error {
  override readonly name = 'ProjectionFailedError';

  constructor(
    readonly projection: Handler,
    cause: unknown,
  ) {
    super(`${projection.name} failed on a batch`, { cause });
  }
}

/** Runs projections: on batches inside the claim's transaction, and alone for an event that was set aside. */
@Injectable()
export class ProjectionRunner {
  readonly #logger = new Logger('PostackDispatch');

  constructor(
    private readonly database: PostackDatabase,
    @Inject(LISTENER_EMITTER) private readonly emitter: EventEmitter2,
    private readonly outcomes: Outcomes,
  ) {}

  /**
   * Runs a projection on a batch, within the transaction of `manager`, as if nothing could go wrong.
   *
   * @throws {ProjectionFailedError} when it does; then the transaction is of no use any more.
   */
  async runBatch(projection: Handler, batch: readonly StoredEvent[], manager: EntityManager): Promise<void> {
    try {
      await this.#emit(projection, batch, manager);
    } catch (error) {
      throw new ProjectionFailedError(projection, error);
    }
  }

  /**
   * Runs a projection on a batch, within the transaction of `manager`; when that fails, event by event. Returns
   * the events that fail alone; their writes are undone, everybody else's stand. Two round trips dearer than `runBatch`.
   *
   * @param failed How `runBatch` has ended in the transaction before: what has failed once is not tried again as a whole.
   * @throws when the transaction itself is lost.
   */
  async runBatchCarefully(
    projection: Handler,
    batch: readonly StoredEvent[],
    manager: EntityManager,
    failed: ProjectionFailedError | undefined,
  ): Promise<PoisonedEvent[]> {
    const isKnown = failed?.projection === projection && batch.length > 1;
    const batchError = isKnown
      ? { error: failed.cause }
      : await this.#trySavepoint(projection, batch, manager);
    if (!batchError) return [];
    if (batch.length > 1) {
      this.#logger.warn(
        `${projection.name} failed on a batch of ${batch.length}, trying them one by one: ` +
          loggableError(batchError.error),
      );
    }
    const poisoned: PoisonedEvent[] = [];
    for (const stored of batch) {
      const alone = batch.length === 1 ? batchError : await this.#trySavepoint(projection, [stored], manager);
      if (alone) poisoned.push({ stored, error: alone.error });
    }
    return poisoned;
  }

  /**
   * Runs a projection for one event that was set aside, in a transaction of its own that also marks it done.
   *
   * @throws whatever the projection throws.
   */
  async runAlone(projection: Handler, stored: HandlerEvent, attempts: number): Promise<void> {
    const { rowId, event, progress } = stored;
    await this.database.transaction(async (manager) => {
      if (!(await this.outcomes.claim(projection.name, rowId, progress.delivery, manager))) return;
      await this.emitter.emitAsync(projection.channel, [event], manager);
      const done = { rowId, delivery: progress.delivery, status: 'done' as const, attempts };
      await this.outcomes.record(projection.name, [{ ...done, failure: null, nextAttemptAt: null }], manager);
    });
  }

  async #trySavepoint(
    projection: Handler,
    batch: readonly StoredEvent[],
    manager: EntityManager,
  ): Promise<{ error: unknown } | undefined> {
    await manager.query('SAVEPOINT postack_projection');
    try {
      await this.#emit(projection, batch, manager);
      await manager.query('RELEASE SAVEPOINT postack_projection');
      return undefined;
    } catch (error) {
      // Throws when the connection is gone, and with it the whole transaction.
      await manager.query('ROLLBACK TO SAVEPOINT postack_projection');
      return { error };
    }
  }

  #emit(projection: Handler, batch: readonly StoredEvent[], manager: EntityManager): Promise<unknown> {
    return this.emitter.emitAsync(
      projection.channel,
      batch.map(({ event }) => event),
      manager,
    );
  }
}
