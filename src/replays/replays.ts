import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { decodeCursor, encodeCursor, InvalidCursorError, type Page } from '../database/paging.js';
import { POSTACK_DATA_SOURCE } from '../database/data-source.js';
import { POSTACK_OPTIONS, type ResolvedPostackOptions } from '../postack.options.js';
import { tableName } from '../database/table-name.js';
import { ReplayNotFoundError, ReplayStateError } from '../dispatch/dispatch-errors.js';
import { EventReplay } from './event-replay.js';
import { ReplayEntity, type ReplayState } from './replay.entity.js';
import { ReplayQueue } from './replay-queue.js';
import {
  replayOf,
  replaySpec,
  type BackfillRequest,
  type RedriveRequest,
  type Replay,
  type ReplayReceipt,
  type ReplayRequest,
} from './replay-request.js';
import { ReplaySelection } from './replay-selection.js';

/** A UUID, as replays have one. */
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** State that is asked for → states from which it can be reached. */
const REACHED_FROM: Readonly<Record<Exclude<ReplayState, 'done'>, readonly ReplayState[]>> = {
  running: ['running', 'paused'],
  paused: ['running', 'paused'],
  cancelled: ['running', 'paused', 'cancelled'],
};

/** Hands stored events out again: one at once, many as a job of their own. */
@Injectable()
export class Replays {
  readonly #replay: string;

  constructor(
    @Inject(POSTACK_DATA_SOURCE) private readonly dataSource: DataSource,
    @Inject(POSTACK_OPTIONS) private readonly options: ResolvedPostackOptions,
    private readonly selection: ReplaySelection,
    private readonly queue: ReplayQueue,
    private readonly one: EventReplay,
  ) {
    this.#replay = tableName(dataSource, ReplayEntity);
  }

  /**
   * Hands one event out again, at once, to the listeners subscribed to its type now, or to one of them.
   *
   * @param eventId The `svix-id`.
   * @throws {EventNotFoundError}
   * @throws {EventNotReplayableError} quarantined, not dispatched yet, without body, or nobody subscribes to it.
   * @throws {InvalidReplayError} when `listener` is unknown or a projection.
   */
  async replayEvent(eventId: string, listener?: string): Promise<ReplayReceipt> {
    await this.queue.prepare();
    await this.dataSource.transaction((manager) => this.one.run(eventId, listener ?? null, manager));
    return { matched: 1, scheduled: 1, replayId: null };
  }

  /**
   * Hands events out again, in the order of storing, to the listeners subscribed to their types now, or to one.
   * Left out are quarantined events, those not dispatched yet, and those whose body retention has removed.
   *
   * @throws {InvalidReplayError} when the listener is unknown or a projection, or the rate impossible.
   */
  replay(request: ReplayRequest = {}): Promise<ReplayReceipt> {
    return this.#create('replay', request);
  }

  /**
   * Hands a listener the events that it has never been handed, because it is newer than they are. Nobody else
   * has them again.
   *
   * @throws {InvalidReplayError} as `replay` does.
   */
  backfill(listener: string, request: BackfillRequest = {}): Promise<ReplayReceipt> {
    return this.#create('backfill', { ...request, listener });
  }

  /**
   * Has dead letters tried again, those of projections too.
   *
   * @throws {InvalidReplayError} when the listener is unknown, or the rate impossible.
   */
  redrive(request: RedriveRequest = {}): Promise<ReplayReceipt> {
    return this.#create('redrive', request);
  }

  /** Newest first. @throws {InvalidCursorError} */
  async list({ limit = 50, cursor }: { limit?: number; cursor?: string } = {}): Promise<Page<Replay>> {
    const query = this.#rows()
      .orderBy({ 'replay.createdAt': 'DESC', 'replay.id': 'DESC' })
      .limit(limit + 1);
    if (cursor !== undefined) {
      const { id } = decodeCursor(cursor, ['id']);
      if (!UUID.test(id)) throw new InvalidCursorError();
      query.andWhere(
        `(replay.createdAt, replay.id) < (SELECT c.created_at, c.id FROM ${this.#replay} c WHERE c.id = :id)`,
        { id },
      );
    }
    const rows = await query.getMany();
    const items = rows.slice(0, limit);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return { items: items.map(replayOf), nextCursor: last ? encodeCursor({ id: last.id }) : null };
  }

  /** One replay and how far it has got; `null` when there is none. */
  async find(id: string): Promise<Replay | null> {
    if (!UUID.test(id)) return null;
    const row = await this.#rows().andWhere('replay.id = :id', { id }).getOne();
    return row && replayOf(row);
  }

  /**
   * Lets it rest where it is.
   *
   * @throws {ReplayNotFoundError}
   * @throws {ReplayStateError} when it has ended.
   */
  pause(id: string): Promise<Replay> {
    return this.#change(id, 'paused');
  }

  /** Lets it go on where it was paused. @throws as `pause` does. */
  async resume(id: string): Promise<Replay> {
    await this.queue.prepare();
    return this.#change(id, 'running', (manager) => this.queue.send(id, manager));
  }

  /** Ends it. What it has handed out already stays handed out. @throws as `pause` does. */
  cancel(id: string): Promise<Replay> {
    return this.#change(id, 'cancelled');
  }

  async #create(kind: ReplayEntity['kind'], request: ReplayRequest): Promise<ReplayReceipt> {
    const spec = replaySpec(kind, this.options.endpoint, request);
    const { matched, firstEventId, lastEventId } = await this.selection.extent(spec);
    if (request.dryRun === true || firstEventId === null || lastEventId === null) {
      return { matched, scheduled: 0, replayId: null };
    }
    await this.queue.prepare();
    return this.dataSource.transaction(async (manager) => {
      const id = randomUUID();
      const position = String(BigInt(firstEventId) - 1n);
      const row = { id, ...spec, state: 'running' as const, position, lastEventId, matched: String(matched) };
      await manager.getRepository(ReplayEntity).insert(row);
      await this.queue.send(id, manager);
      return { matched, scheduled: matched, replayId: id };
    });
  }

  async #change(
    id: string,
    state: keyof typeof REACHED_FROM,
    andThen?: (manager: EntityManager) => Promise<void>,
  ): Promise<Replay> {
    return this.dataSource.transaction(async (manager) => {
      const row = UUID.test(id)
        ? await this.#rows(manager).andWhere('replay.id = :id', { id }).setLock('pessimistic_write').getOne()
        : null;
      if (!row) throw new ReplayNotFoundError(id);
      if (!REACHED_FROM[state].includes(row.state)) {
        throw new ReplayStateError(`The replay "${id}" has ended: it is ${row.state}`);
      }
      if (row.state === state) return replayOf(row);
      const updated = { state, updatedAt: new Date() };
      await manager.getRepository(ReplayEntity).update(id, updated);
      await andThen?.(manager);
      return replayOf(Object.assign(row, updated));
    });
  }

  #rows(manager = this.dataSource.manager) {
    return manager
      .getRepository(ReplayEntity)
      .createQueryBuilder('replay')
      .where('replay.endpoint = :endpoint', { endpoint: this.options.endpoint });
  }
}
