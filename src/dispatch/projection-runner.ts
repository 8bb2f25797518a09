import { Inject, Injectable, Logger } from '@nestjs/common';
import type { EventEmitter2 } from '@nestjs/event-emitter';
import type { EntityManager } from 'typeorm';
import { runSql } from '../database/run-sql.js';
import { loggableError } from '../errors/loggable-error.js';
import type { AnyPostackEvent } from '../events/event-types.js';
import type { Handler } from '../listeners/handler.js';
import type { Reinterpretation } from '../listeners/postack-projection.decorator.js';
import { LISTENER_EMITTER } from '../listeners/listener-emitter.js';
import type { StoredEvent } from './stored-events.js';

/** An event that a projection fails on, with the error. */
export interface PoisonedEvent {
  stored: StoredEvent;
  error: unknown;
}

/** A stored event whose reading has changed, as far as a projection subscribes to it. */
export interface RereadEvent {
  before: AnyPostackEvent | null;
  now: StoredEvent | null;
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

  constructor(@Inject(LISTENER_EMITTER) private readonly emitter: EventEmitter2) {}

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
   * Runs a projection on events that are read otherwise now, in the transaction of `manager`, as `runBatchIsolated` does.
   * What it fails on alone is taken back at least.
   */
  async runAgain(
    projection: Handler,
    reread: readonly RereadEvent[],
    manager: EntityManager,
  ): Promise<PoisonedEvent[]> {
    const run = (part: readonly RereadEvent[], withNew = true) =>
      this.#trySavepoint(projection, withNew ? part.flatMap(({ now }) => now ?? []) : [], manager, {
        formerly: part.flatMap(({ before }) => before ?? []),
      });
    if (!(await run(reread))) return [];
    const poisoned: PoisonedEvent[] = [];
    for (const one of reread) {
      const failure = await run([one]);
      if (!failure) continue;
      const failedAgain = one.now ? await run([one], false) : failure;
      if (failedAgain) throw new ProjectionFailedError(projection, failedAgain.error);
      if (one.now) poisoned.push({ stored: one.now, error: failure.error });
    }
    return poisoned;
  }

  /** Runs a projection on one event that was set aside, in the transaction of `manager`. */
  async runAlone(projection: Handler, event: AnyPostackEvent, manager: EntityManager): Promise<void> {
    await this.emitter.emitAsync(projection.channel, [event], manager);
  }

  async #trySavepoint(
    projection: Handler,
    batch: readonly StoredEvent[],
    manager: EntityManager,
    again?: Reinterpretation<AnyPostackEvent>,
  ): Promise<{ error: unknown } | undefined> {
    await runSql(manager, 'SAVEPOINT postack_projection');
    try {
      await this.#emit(projection, batch, manager, again);
      await runSql(manager, 'RELEASE SAVEPOINT postack_projection');
      return undefined;
    } catch (error) {
      // Rejects when the connection, and with it the whole transaction, is lost.
      await runSql(manager, 'ROLLBACK TO SAVEPOINT postack_projection');
      return { error };
    }
  }

  #emit(
    projection: Handler,
    batch: readonly StoredEvent[],
    manager: EntityManager,
    again?: Reinterpretation<AnyPostackEvent>,
  ): Promise<unknown> {
    const events = batch.map(({ event }) => event);
    return this.emitter.emitAsync(projection.channel, events, manager, again);
  }
}
