import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { tableName } from '../database/table-name.js';
import { Redelivery } from '../dispatch/redelivery.js';
import { StoredEvents } from '../dispatch/stored-events.js';
import { hasSvixId } from '../inbox/svix-id-lookup.js';
import { InboxEventEntity } from '../inbox/inbox-event.entity.js';
import { EventNotFoundError, EventNotReplayableError } from './replay-errors.js';
import { ReplaySelection } from './replay-selection.js';

/** Replays one event, at once. */
@Injectable()
export class EventReplay {
  constructor(
    private readonly selection: ReplaySelection,
    private readonly events: StoredEvents,
    private readonly redelivery: Redelivery,
  ) {}

  /** @throws as `Replays.replayEvent` does. */
  async run(eventId: string, listener: string | null, manager: EntityManager): Promise<void> {
    await this.selection.refresh();
    const receivers = this.selection.receivers(listener);
    const row = await manager
      .getRepository(InboxEventEntity)
      .createQueryBuilder('event')
      .select(['event.id', 'event.status'])
      .where(hasSvixId(tableName(manager, InboxEventEntity), 'event', ':eventId'), { eventId })
      .orderBy('event.id', 'DESC')
      .limit(1)
      .getOne();
    if (!row) throw new EventNotFoundError(eventId);
    const notReplayable = (why: string) => new EventNotReplayableError(`The event "${eventId}" ${why}`);
    if (row.status === 'quarantined')
      throw notReplayable(
        'is quarantined: it could not be read. Map it, then read it again: POST /api/v1/events/reinterpret',
      );
    if (row.status === 'pending') {
      throw notReplayable('has not been dispatched yet: its listeners will receive it shortly');
    }
    const [stored] = await this.events.load([row.id], manager);
    if (!stored) throw notReplayable('can no longer be replayed: retention has removed its payload');
    const handlers = this.selection.subscribed(stored.event, receivers);
    if (handlers.length === 0) {
      const subject =
        listener === null ? 'no listener subscribes' : `the listener "${listener}" does not subscribe`;
      throw notReplayable(`has the type "${stored.wireType}", to which ${subject}`);
    }
    for (const handler of handlers) {
      await this.redelivery.redeliver(handler, [stored], 'replay', null, manager);
    }
  }
}
