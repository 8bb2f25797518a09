import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isUuid, keysetPage, type Page, type PageRequest } from '../database/keyset-page.js';
import { PostackDatabase } from '../database/postack-database.js';
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
import { InboxOptions } from '../inbox/inbox.options.js';

/** State that is asked for → states from which it can be reached. */
const REACHED_FROM: Readonly<Record<Exclude<ReplayState, 'done'>, readonly ReplayState[]>> = {
  running: ['running', 'paused'],
  paused: ['running', 'paused'],
  cancelled: ['running', 'paused', 'cancelled'],
};

/** Hands stored events out again: one at once, many as a job of their own. */
@Injectable()
export class Replays {
  constructor(
    private readonly database: PostackDatabase,
    private readonly options: InboxOptions,
    private readonly selection: ReplaySelection,
    private readonly queue: ReplayQueue,
    private readonly one: EventReplay,
  ) {}

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
    await this.database.transaction((manager) => this.one.run(eventId, listener ?? null, manager));
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
  async list(page: PageRequest = {}): Promise<Page<Replay>> {
    const { items, nextCursor } = await keysetPage(
      this.#rows(),
      [
        // A cursor has milliseconds, PostgreSQL's clock has more.
        {
          column: `date_trunc('milliseconds', replay.createdAt)`,
          type: 'timestamptz',
          of: ({ createdAt }) => createdAt,
        },
        { column: 'replay.id', type: 'uuid', of: ({ id }) => id },
      ],
      page,
    );
    return { items: items.map(replayOf), nextCursor };
  }

  /** One replay and how far it has got; `null` when there is none. */
  async find(id: string): Promise<Replay | null> {
    if (!isUuid(id)) return null;
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
    return this.database.transaction(async (manager) => {
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
    return this.database.transaction(async (manager) => {
      const row = isUuid(id)
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

  #rows(manager = this.database.manager) {
    return manager
      .getRepository(ReplayEntity)
      .createQueryBuilder('replay')
      .where('replay.endpoint = :endpoint', { endpoint: this.options.endpoint });
  }
}
