import type { EntityManager } from 'typeorm';
import type { PostackEvent } from '../events/postack-event.js';
import type { PostackProjectionOptions, Subscription } from './handler-metadata.js';
import { handlerDecorator, type EventOf } from './on-postack-event.decorator.js';

/** The third argument of a projection that takes part when stored events are read again with another mapping. */
export interface Reinterpretation<Event extends PostackEvent> {
  /**
   * How events were read before that are read otherwise now: take back what was written for them. An event is found by its
   * `id`. Its new reading is among the events of the first argument only if the projection subscribes to that.
   */
  formerly: readonly Event[];
}

/**
 * Makes a method of any provider a projection: it maintains database tables (a read model). It gets a batch of events,
 * in the order in which they were stored, and the `EntityManager` of the transaction that also marks them as done:
 * whatever it writes through that manager is written exactly once. Write nothing elsewhere, make no network calls, and
 * be quick: the whole batch waits. Write rows in the order of their keys, so that two processes cannot deadlock.
 *
 * When it throws, the batch is retried event by event under savepoints; an event that fails alone is recorded as
 * `retrying` and retried on a separate queue, and the others proceed.
 *
 * @example
 * ```ts
 * @PostackProjection(MessageReceivedEvent)
 * async count(events: readonly MessageReceivedEvent[], manager: EntityManager) {}
 * ```
 */
export function PostackProjection<const S extends Subscription>(
  subscription: S | readonly S[],
  options: PostackProjectionOptions = {},
) {
  return handlerDecorator<
    (
      events: readonly EventOf<S>[],
      manager: EntityManager,
      again?: Reinterpretation<EventOf<S>>,
    ) => Promise<void>
  >(
    'projection',
    subscription,
    options.name,
    { retry: options.retry },
    { reinterprets: options.reinterprets },
  );
}
