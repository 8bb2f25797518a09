import { Injectable } from '@nestjs/common';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { keysetPage, type Page } from '../database/keyset-page.js';
import { PostackDatabase } from '../database/postack-database.js';
import { DeliveryEntity, type DeliveryStatus } from '../dispatch/outcomes/delivery.entity.js';
import { storedPayload } from '../dispatch/outcomes/stored-payload.js';
import { Redelivery } from '../dispatch/redelivery.js';
import { StoredEvents } from '../dispatch/stored-events.js';
import { Subscriptions } from '../listeners/subscriptions.js';
import { hasSvixId } from '../inbox/svix-id-lookup.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import type { DeadLetter, DeadLetterDetail, DeadLetterFilter } from './dead-letter.js';
import { DeadLetterNotFoundError, DeadLetterStateError } from './replay-errors.js';

/** A delivery joined with its event. */
type Row = DeliveryEntity & { event: InboxEventEntity };

/** Lists, redrives and discards dead letters. */
@Injectable()
export class DeadLetters {
  constructor(
    private readonly database: PostackDatabase,
    private readonly subscriptions: Subscriptions,
    private readonly events: StoredEvents,
    private readonly redelivery: Redelivery,
  ) {}

  /** Lists dead letters, newest event first. @throws {InvalidCursorError} */
  async list({ listener, type, since, until, ...page }: DeadLetterFilter = {}): Promise<Page<DeadLetter>> {
    await this.subscriptions.refresh();
    const query = this.#query().andWhere(`delivery.status = 'dead'`);
    if (listener !== undefined) query.andWhere('delivery.handler = :listener', { listener });
    if (type !== undefined) query.andWhere('event.type = :type', { type });
    if (since) query.andWhere('event.receivedAt >= :since', { since });
    if (until) query.andWhere('event.receivedAt < :until', { until });
    const { items, nextCursor } = await keysetPage<DeliveryEntity, Row>(
      query,
      [
        { column: 'delivery.eventId', type: 'bigint', of: ({ eventId }) => eventId },
        { column: 'delivery.handler', type: 'text', of: ({ handler }) => handler },
      ],
      page,
    );
    return { items: items.map((row) => this.#summaryOf(row)), nextCursor };
  }

  /**
   * One dead letter, including a discarded one; `null` when there is none.
   *
   * @param eventId The `svix-id`.
   * @param handler Name of the listener or projection.
   */
  async find(eventId: string, handler: string): Promise<DeadLetterDetail | null> {
    await this.subscriptions.refresh();
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
   * Delivers the event of a dead letter again, with all attempts; also of a discarded one. For many dead letters, use
   * `Replays.redrive`.
   *
   * @throws {DeadLetterNotFoundError}
   * @throws {DeadLetterStateError} when it is neither dead nor discarded, or its handler or payload is gone.
   */
  async redrive(eventId: string, handler: string): Promise<void> {
    await this.database.transaction(async (manager) => {
      const row = await this.#lock(eventId, handler, ['dead', 'discarded'], manager);
      await this.subscriptions.refresh(manager);
      const receiver = this.subscriptions.get(handler);
      if (!receiver?.isPresent) {
        throw new DeadLetterStateError(
          `There is no listener or projection "${handler}" any more: restore it, or discard its dead letters`,
        );
      }
      const [stored] = await this.events.load([row.eventId], manager);
      if (!stored) {
        throw new DeadLetterStateError(
          `The event "${eventId}" can no longer be redriven: retention has removed its payload`,
        );
      }
      await this.redelivery.redeliver(receiver, [stored], 'redrive', null, manager);
    });
  }

  /**
   * Discards a dead letter: it is kept with the reason, and its event counts as done for the handler.
   *
   * @param reason Stored with it, for the operators.
   * @throws {DeadLetterNotFoundError}
   * @throws {DeadLetterStateError} when it is not dead.
   */
  async discard(eventId: string, handler: string, reason: string): Promise<void> {
    await this.database.transaction(async (manager) => {
      const row = await this.#lock(eventId, handler, ['dead'], manager);
      await manager
        .getRepository(DeliveryEntity)
        .update(
          { eventId: row.eventId, handler },
          { status: 'discarded', discardReason: reason, updatedAt: new Date() },
        );
    });
  }

  /** Locks a delivery until the transaction ends. @throws unless its status is one of `allowed`. */
  async #lock(
    eventId: string,
    handler: string,
    allowed: readonly DeliveryStatus[],
    manager: EntityManager,
  ): Promise<Row> {
    const row = await this.#row(eventId, handler, manager, true);
    if (!row) throw new DeadLetterNotFoundError(eventId, handler);
    if (allowed.includes(row.status)) return row;
    throw new DeadLetterStateError(
      `The event "${eventId}" is not a dead letter of "${handler}": its status is ${row.status}`,
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
      .andWhere(hasSvixId(this.database.table(InboxEventEntity), 'event', ':eventId'), { eventId })
      .andWhere('delivery.handler = :handler', { handler })
      // The latest, if several endpoints have received one.
      .orderBy('event.id', 'DESC')
      .limit(1);
    if (isLocked) query.setLock('pessimistic_write', undefined, ['delivery']);
    return (await query.getOne()) as Row | null;
  }

  #query(manager = this.database.manager): SelectQueryBuilder<DeliveryEntity> {
    return manager
      .getRepository(DeliveryEntity)
      .createQueryBuilder('delivery')
      .innerJoinAndMapOne('delivery.event', InboxEventEntity, 'event', 'event.id = delivery.eventId');
  }

  #summaryOf({ event, ...delivery }: Row): DeadLetter {
    const { svixId: eventId, type, occurredAt, receivedAt } = event;
    const { handler, attempts, reason, updatedAt: settledAt } = delivery;
    return {
      ...{
        eventId,
        handler,
        kind: this.#kindOf(handler),
        type,
        occurredAt,
        receivedAt,
      },
      ...{ attempts, reason, settledAt, firstError: delivery.firstError, lastError: delivery.lastError },
    };
  }

  /** Of a handler that a running process has. */
  #kindOf(handler: string): DeadLetter['kind'] {
    const subscriber = this.subscriptions.get(handler);
    return subscriber?.isPresent ? subscriber.kind : null;
  }
}
