import { Injectable } from '@nestjs/common';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { keysetPage, type Page } from '../database/keyset-page.js';
import { PostackDatabase } from '../database/postack-database.js';
import { HandlerRegistry } from '../listeners/handler-registry.js';
import { DeadLetterNotFoundError, DeadLetterStateError } from '../dispatch/dispatch-errors.js';
import { StoredEvents } from '../dispatch/stored-events.js';
import type { DeadLetter, DeadLetterDetail, DeadLetterFilter } from './dead-letter.js';
import { HandlerOutcomeEntity } from '../dispatch/outcomes/handler-outcome.entity.js';
import { storedPayload } from '../dispatch/outcomes/stored-payload.js';
import { InboxOptions } from '../inbox/inbox.options.js';
import { Redelivery } from '../dispatch/redelivery.js';

/** An outcome joined with its event. */
type Row = HandlerOutcomeEntity & { event: InboxEventEntity };

/** What has failed for the last time: to be looked at, and to be tried again or discarded by a person. */
@Injectable()
export class DeadLetters {
  constructor(
    private readonly database: PostackDatabase,
    private readonly options: InboxOptions,
    private readonly registry: HandlerRegistry,
    private readonly events: StoredEvents,
    private readonly redelivery: Redelivery,
  ) {}

  /** Those of the newest events first. @throws {InvalidCursorError} */
  async list({ listener, type, since, until, ...page }: DeadLetterFilter = {}): Promise<Page<DeadLetter>> {
    const query = this.#query().andWhere(`outcome.status = 'dead'`);
    if (listener !== undefined) query.andWhere('outcome.handler = :listener', { listener });
    if (type !== undefined) query.andWhere('event.type = :type', { type });
    if (since) query.andWhere('event.receivedAt >= :since', { since });
    if (until) query.andWhere('event.receivedAt < :until', { until });
    const { items, nextCursor } = await keysetPage<HandlerOutcomeEntity, Row>(
      query,
      [
        { column: 'outcome.eventId', type: 'bigint', of: ({ eventId }) => eventId },
        { column: 'outcome.handler', type: 'text', of: ({ handler }) => handler },
      ],
      page,
    );
    return { items: items.map((row) => this.#summaryOf(row)), nextCursor };
  }

  /**
   * One dead letter, also one that has been discarded; `null` when there is none.
   *
   * @param eventId The `svix-id`.
   * @param handler Name of the listener or projection.
   */
  async find(eventId: string, handler: string): Promise<DeadLetterDetail | null> {
    const row = await this.#row(eventId, handler, this.database.manager);
    if (row?.status !== 'dead' && row?.status !== 'discarded') return null;
    const { status, discardReason, event } = row;
    return {
      ...this.#summaryOf(row),
      status,
      discardReason,
      payload: event.body && storedPayload(event.body),
    };
  }

  /**
   * Has it tried again, with all attempts; also one that has been discarded. For many, see `Replays.redrive`.
   *
   * @throws {DeadLetterNotFoundError}
   * @throws {DeadLetterStateError} when it is not dead, its handler is gone, or its event has no body any more.
   */
  async redrive(eventId: string, handler: string): Promise<void> {
    await this.redelivery.prepare();
    await this.database.transaction(async (manager) => {
      const row = await this.#lock(eventId, handler, ['dead', 'discarded'], manager);
      const receiver = this.registry.get(handler);
      if (!receiver) {
        throw new DeadLetterStateError(
          `This application has no listener or projection "${handler}" any more: bring it back, or discard its dead letters`,
        );
      }
      const [stored] = await this.events.load([row.eventId], manager);
      if (!stored) {
        throw new DeadLetterStateError(
          `The event "${eventId}" cannot be redriven any more: retention has removed its body`,
        );
      }
      await this.redelivery.redeliver(receiver, [stored], 'redrive', null, manager);
    });
  }

  /**
   * Leaves it at that: it is kept, with the reason, and counts as done.
   *
   * @param reason For whoever looks at it later.
   * @throws {DeadLetterNotFoundError}
   * @throws {DeadLetterStateError} when it is not dead.
   */
  async discard(eventId: string, handler: string, reason: string): Promise<void> {
    await this.database.transaction(async (manager) => {
      const row = await this.#lock(eventId, handler, ['dead'], manager);
      await manager
        .getRepository(HandlerOutcomeEntity)
        .update(
          { eventId: row.eventId, handler },
          { status: 'discarded', discardReason: reason, updatedAt: new Date() },
        );
    });
  }

  /** Its outcome, locked until the transaction ends. @throws unless it is in one of `states`. */
  async #lock(
    eventId: string,
    handler: string,
    states: readonly HandlerOutcomeEntity['status'][],
    manager: EntityManager,
  ): Promise<Row> {
    const row = await this.#row(eventId, handler, manager, true);
    if (!row) throw new DeadLetterNotFoundError(eventId, handler);
    if (states.includes(row.status)) return row;
    throw new DeadLetterStateError(
      `"${handler}" is not dead for the event "${eventId}": it is ${row.status}`,
    );
  }

  async #row(
    eventId: string,
    handler: string,
    manager: EntityManager,
    isLocked = false,
  ): Promise<Row | null> {
    const query = this.#query(manager)
      .addSelect('event.body')
      .andWhere('event.svixId = :eventId AND outcome.handler = :handler', { eventId, handler });
    if (isLocked) query.setLock('pessimistic_write', undefined, ['outcome']);
    return (await query.getOne()) as Row | null;
  }

  #query(manager = this.database.manager): SelectQueryBuilder<HandlerOutcomeEntity> {
    return manager
      .getRepository(HandlerOutcomeEntity)
      .createQueryBuilder('outcome')
      .innerJoinAndMapOne('outcome.event', InboxEventEntity, 'event', 'event.id = outcome.eventId')
      .where('event.endpoint = :endpoint', { endpoint: this.options.endpoint });
  }

  #summaryOf({ event, ...outcome }: Row): DeadLetter {
    const { svixId: eventId, type, occurredAt, receivedAt } = event;
    const { handler, attempts, reason, updatedAt: settledAt } = outcome;
    return {
      ...{ eventId, handler, kind: this.registry.get(handler)?.kind ?? null, type, occurredAt, receivedAt },
      ...{ attempts, reason, settledAt, firstError: outcome.firstError, lastError: outcome.lastError },
    };
  }
}
