import { Inject, Injectable, Logger } from '@nestjs/common';
import type { EventEmitter2 } from '@nestjs/event-emitter';
import type { EntityManager } from 'typeorm';
import { PostackDatabase } from '../database/postack-database.js';
import { loggableError } from '../errors/loggable-error.js';
import type { Handler } from '../listeners/handler.js';
import { LISTENER_EMITTER } from '../listeners/listener-emitter.js';
import { Outcomes } from './outcomes/outcomes.js';
import type { HandlerEvent, StoredEvent } from './stored-events.js';

/** An event that a projection fails on, with the error. */
export interface PoisonedEvent {
  stored: StoredEvent;
  error: unknown;
}

/** A projection failed on a batch, whose transaction is aborted. Its events are retried in another transaction. */
export class ProjectionFailedError extends Error {
  override readonly name = 'ProjectionFailedError';

  constructor(
    readonly projection: Handler,
    cause: unknown,
  ) {
    super(`${projection.name} failed on a batch`, { cause });
  }
}

/** Runs projections: on batches in the dispatch transaction, and on single events that were set aside. */
@Injectable()
export class ProjectionRunner {
  readonly #logger = new Logger('PostackDispatch');

  constructor(
    private readonly database: PostackDatabase,
    @Inject(LISTENER_EMITTER) private readonly emitter: EventEmitter2,
    private readonly outcomes: Outcomes,
  ) {}

  /**
   * Runs a projection on a batch in the transaction of `manager`, without savepoints: the usual, fast case.
   *
   * @throws {ProjectionFailedError} when the projection throws. The transaction is unusable then.
   */
  async runBatch(projection: Handler, batch: readonly StoredEvent[], manager: EntityManager): Promise<void> {
    try {
      await this.#emit(projection, batch, manager);
    } catch (error) {
      throw new ProjectionFailedError(projection, error);
    }
  }

  /**
   * Runs a projection on a batch in the transaction of `manager`, under a savepoint; if that fails, event by event.
   * Resolves to the events that fail alone. Their writes are rolled back, those of the other events are kept. Takes two
   * more round trips than `runBatch`.
   *
   * @param failed The error of `runBatch` in the previous transaction: the same batch is not retried as a whole.
   * @throws when the transaction itself is lost.
   */
  async runBatchIsolated(
    projection: Handler,
    batch: readonly StoredEvent[],
    manager: EntityManager,
    failed: ProjectionFailedError | undefined,
  ): Promise<PoisonedEvent[]> {
    const hasFailed = failed?.projection === projection && batch.length > 1;
    const batchFailure = hasFailed
      ? { error: failed.cause }
      : await this.#trySavepoint(projection, batch, manager);
    if (!batchFailure) return [];
    if (batch.length > 1) {
      this.#logger.warn(
        `${projection.name} failed on a batch of ${batch.length} events; retrying them one by one: ` +
          loggableError(batchFailure.error),
      );
    }
    const poisoned: PoisonedEvent[] = [];
    for (const stored of batch) {
      const failure =
        batch.length === 1 ? batchFailure : await this.#trySavepoint(projection, [stored], manager);
      if (failure) poisoned.push({ stored, error: failure.error });
    }
    return poisoned;
  }

  /**
   * Runs a projection on one event that was set aside. Its writes and its `done` mark are one transaction.
   *
   * @throws the error of the projection.
   */
  async runAlone(projection: Handler, stored: HandlerEvent, attempts: number): Promise<void> {
    const { rowId, event, progress } = stored;
    await this.database.transaction(async (manager) => {
      if (!(await this.outcomes.claim(projection.name, rowId, progress.delivery, manager))) return;
      await this.emitter.emitAsync(projection.channel, [event], manager);
      const done = { rowId, delivery: progress.delivery, status: 'done' as const, attempts };
      await this.outcomes.record(projection.name, [{ ...done, error: null, nextAttemptAt: null }], manager);
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
      // Rejects when the connection, and with it the whole transaction, is lost.
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
