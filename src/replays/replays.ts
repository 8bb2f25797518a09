import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isUuid, keysetPage, type Page, type PageRequest } from '../database/keyset-page.js';
import { PostackDatabase } from '../database/postack-database.js';
import { Inbox } from '../inbox/inbox.js';
import { EventReplay } from './event-replay.js';
import { ReplayEntity, type ReplayState } from './replay.entity.js';
import { ReplayNotFoundError, ReplayStateError } from './replay-errors.js';
import { ReplayQueue } from './replay-queue.js';
import {
  replayOf,
  replaySpec,
  type BackfillRequest,
  type ReinterpretReceipt,
  type ReinterpretRequest,
  type ReplaySpec,
  type RedriveRequest,
  type Replay,
  type ReplayReceipt,
  type ReplayRequest,
} from './replay-request.js';
import { ReinterpretationChunk } from './reinterpretation-chunk.js';
import { type Extent, ReplaySelection } from './replay-selection.js';

/** Requested state → states from which it can be reached. */
const REACHED_FROM: Readonly<Record<Exclude<ReplayState, 'done'>, readonly ReplayState[]>> = {
  running: ['running', 'paused'],
  paused: ['running', 'paused'],
  cancelled: ['running', 'paused', 'cancelled'],
};

/** Replays, backfills and redrives stored events: a single event at once, many events as a background job. */
@Injectable()
export class Replays implements OnModuleInit {
  constructor(
    private readonly database: PostackDatabase,
    private readonly selection: ReplaySelection,
    private readonly queue: ReplayQueue,
    private readonly eventReplay: EventReplay,
    private readonly reinterpretations: ReinterpretationChunk,
    private readonly inbox: Inbox,
  ) {}

  onModuleInit(): void {
    this.inbox.onReadable(async (rowIds) => {
      // It was never delivered to any listener.
      const spec = replaySpec('reinterpret', { listeners: ['*'] });
      for (const id of rowIds) {
        await this.#start(spec, { matched: 1, firstEventId: id, lastEventId: id }, '1');
      }
    });
  }

  /**
   * Replays one event, at once, to all listeners that currently subscribe to its type, or to one of them.
   *
   * @param eventId The `svix-id`.
   * @throws {EventNotFoundError}
   * @throws {EventNotReplayableError} when it is quarantined, not dispatched yet, has no payload, or no listener
   *   subscribes to it.
   * @throws {InvalidReplayError} when `listener` is unknown or a projection.
   */
  async replayEvent(eventId: string, listener?: string): Promise<ReplayReceipt> {
    await this.queue.prepare();
    await this.database.transaction((manager) => this.eventReplay.run(eventId, listener ?? null, manager));
    return { matched: 1, scheduled: 1, replayId: null };
  }

  /**
   * Replays events, in the order they were stored, to all listeners that currently subscribe to their types, or to one
   * of them. Leaves out events that are quarantined, not dispatched yet, or without payload (removed by retention).
   *
   * @throws {InvalidReplayError} when the listener is unknown or a projection, or the rate is out of range.
   */
  replay(request: ReplayRequest = {}): Promise<ReplayReceipt> {
    return this.#create('replay', request);
  }

  /**
   * Delivers to a listener the stored events that were never delivered to it, because it was added later. Other
   * listeners are not affected.
   *
   * @throws {InvalidReplayError} as `replay` does.
   */
  backfill(listener: string, request: BackfillRequest = {}): Promise<ReplayReceipt> {
    return this.#create('backfill', { ...request, listener });
  }

  /**
   * Redrives dead letters of listeners and projections.
   *
   * @throws {InvalidReplayError} when the listener is unknown, or the rate is out of range.
   */
  redrive(request: RedriveRequest = {}): Promise<ReplayReceipt> {
    return this.#create('redrive', request);
  }

  /**
   * Reads stored events again with the mapping of now (the options `payload`, `eventTypes`, `eventRules` and
   * `defaultEventType`). Those that are read otherwise go through the projections again, once: messages, opt-outs, failures
   * and reports are as if the mapping had always been this one. Listeners get them by choice. Includes quarantined and
   * unhandled events, leaves out those without payload (removed by retention).
   *
   * @throws {InvalidReplayError} when a listener is unknown or a projection, or the rate is out of range.
   */
  async reinterpret(request: ReinterpretRequest = {}): Promise<ReinterpretReceipt> {
    const spec = replaySpec('reinterpret', request);
    const extent = await this.selection.extent(spec);
    this.selection.checkListeners(spec.listeners ?? []);
    const { matched, lastEventId } = extent;
    const changed = lastEventId === null ? 0 : await this.reinterpretations.count(spec, lastEventId);
    if (request.dryRun === true || changed === 0) return { matched, changed, replayId: null };
    const replayId = await this.#start(spec, extent, String(changed));
    return { matched, changed, replayId };
  }

  /** Lists replays, newest first. @throws {InvalidCursorError} */
  async list(page: PageRequest = {}): Promise<Page<Replay>> {
    const { items, nextCursor } = await keysetPage(
      this.#rows(),
      [
        // A cursor has milliseconds, a timestamp of PostgreSQL has microseconds.
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

  /** One replay with its progress; `null` when there is none. */
  async find(id: string): Promise<Replay | null> {
    if (!isUuid(id)) return null;
    const row = await this.#rows().andWhere('replay.id = :id', { id }).getOne();
    return row && replayOf(row);
  }

  /**
   * Pauses a replay. No effect when it is paused already.
   *
   * @throws {ReplayNotFoundError}
   * @throws {ReplayStateError} when it has ended.
   */
  pause(id: string): Promise<Replay> {
    return this.#change(id, 'paused');
  }

  /** Continues a paused replay where it was paused. @throws as `pause` does. */
  async resume(id: string): Promise<Replay> {
    await this.queue.prepare();
    return this.#change(id, 'running', (manager) => this.queue.send(id, manager));
  }

  /** Ends a replay. Events that it has redelivered are still handled. @throws as `pause` does. */
  cancel(id: string): Promise<Replay> {
    return this.#change(id, 'cancelled');
  }

  async #create(kind: ReplayEntity['kind'], request: ReplayRequest): Promise<ReplayReceipt> {
    const spec = replaySpec(kind, request);
    const extent = await this.selection.extent(spec);
    const { matched } = extent;
    if (request.dryRun === true || matched === 0) return { matched, scheduled: 0, replayId: null };
    return { matched, scheduled: matched, replayId: await this.#start(spec, extent, null) };
  }

  /** Resolves to the id of the replay. */
  async #start(spec: ReplaySpec, extent: Extent, changed: string | null): Promise<string> {
    const { matched, firstEventId, lastEventId } = extent;
    await this.queue.prepare();
    const mappingId = spec.kind === 'reinterpret' ? await this.reinterpretations.prepare() : null;
    return this.database.transaction(async (manager) => {
      const id = randomUUID();
      await manager.getRepository(ReplayEntity).insert({
        ...{ id, ...spec, mappingId, state: 'running', matched: String(matched), changed },
        position: String(BigInt(firstEventId ?? 1) - 1n),
        lastEventId: lastEventId ?? '0',
      });
      await this.queue.send(id, manager);
      return id;
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
    return manager.getRepository(ReplayEntity).createQueryBuilder('replay');
  }
}
