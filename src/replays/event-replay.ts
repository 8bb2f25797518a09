import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { InboxEventEntity, type InboxStatus } from '../inbox/inbox-event.entity.js';
import { PostackDatabase } from '../database/postack-database.js';
import { EventNotFoundError, EventNotReplayableError } from '../dispatch/dispatch-errors.js';
import { StoredEvents } from '../dispatch/stored-events.js';
import { ReplaySelection } from './replay-selection.js';
import { InboxOptions } from '../inbox/inbox.options.js';
import { Redelivery } from '../dispatch/redelivery.js';

/** Hands one event out again, at once. */
@Injectable()
export class EventReplay {
  readonly #inbox: string;

  constructor(
    database: PostackDatabase,
    private readonly options: InboxOptions,
    private readonly selection: ReplaySelection,
    private readonly events: StoredEvents,
    private readonly redelivery: Redelivery,
  ) {
    this.#inbox = database.table(InboxEventEntity);
  }

  /** @throws as `Replays.replayEvent` does. */
  async run(eventId: string, listener: string | null, manager: EntityManager): Promise<void> {
    const receivers = this.selection.receivers(listener);
    const rows = await manager.query<{ id: string; status: InboxStatus }[]>(
      `SELECT id, status FROM ${this.#inbox} WHERE endpoint = $1 AND svix_id = $2`,
      [this.options.endpoint, eventId],
    );
    const [row] = rows;
    if (!row) throw new EventNotFoundError(eventId);
    const refusal = (why: string) => new EventNotReplayableError(`The event "${eventId}" ${why}`);
    if (row.status === 'quarantined') throw refusal('is quarantined: no listener could read it');
    if (row.status === 'pending')
      throw refusal('has not been dispatched yet: its listeners are about to have it');
    const [stored] = await this.events.load([row.id], manager);
    if (!stored) throw refusal('cannot be replayed any more: retention has removed its body');
    const handlers = this.selection.subscribed(stored.wireType, receivers);
    if (handlers.length === 0) {
      const nobody = listener === null ? 'no listener is' : `the listener "${listener}" is not`;
      throw refusal(`is of the type "${stored.wireType}", to which ${nobody} subscribed`);
    }
    for (const handler of handlers)
      await this.redelivery.redeliver(handler, [stored], 'replay', null, manager);
  }
}
