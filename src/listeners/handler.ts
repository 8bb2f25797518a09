import type { KnownEventClass } from '../events/event-types.js';
import type { RetryPolicy, Subscription } from './handler-metadata.js';
import type { Ordering } from './order-key.js';
import type { UnknownPostackEvent } from '../events/unknown-postack.event.js';

/** The settings of a handler, with every default filled in. */
export interface HandlerSettings {
  retry: RetryPolicy;
  concurrency: number;
  timeoutMs: number;
  transactional: boolean;
  ordered: Ordering | null;
  /** Events in one call at most; `null` for one event a call. */
  batchSize: number | null;
}

/** A method that was found to be a listener or a projection, bound to the event emitter. */
export interface Handler {
  kind: 'listener' | 'projection';
  /** Stable and unique: outcomes and queues go by it. */
  name: string;
  subscriptions: readonly Subscription[];
  settings: HandlerSettings;
  /** The event emitter's event that reaches exactly this method. A symbol, so that no wildcard hears it. */
  channel: symbol;
  /** Queue of its jobs: ordered ones have another, since pg-boss fixes a queue's policy when it is made. */
  queue: string;
}

/** Everything that one type of event goes to. */
export interface EventRoute {
  eventClass: KnownEventClass | typeof UnknownPostackEvent;
  projections: readonly Handler[];
  listeners: readonly Handler[];
}
