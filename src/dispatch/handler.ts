import type { KnownEventClass } from '../events/event-types.js';
import type { ListenerOptions, RetryPolicy, Subscription } from '../events/handler-metadata.js';
import type { UnknownPostackEvent } from '../events/unknown-postack.event.js';

/** The settings of a listener, with every default filled in. */
export interface ListenerSettings extends Required<Omit<ListenerOptions, 'retry'>> {
  retry: RetryPolicy;
}

/** A method that was found to be a listener or a projection, bound to the event emitter. */
export interface Handler {
  kind: 'listener' | 'projection';
  /** Stable and unique: outcomes and queues go by it. */
  name: string;
  subscriptions: readonly Subscription[];
  settings: ListenerSettings;
  /** The event emitter's event that reaches exactly this method. A symbol, so that no wildcard hears it. */
  channel: symbol;
  /** Queue of its jobs. */
  queue: string;
}

/** Everything that one type of event goes to. */
export interface EventRoute {
  eventClass: KnownEventClass | typeof UnknownPostackEvent;
  projections: readonly Handler[];
  listeners: readonly Handler[];
}

/** About three days: 12 doubling waits (11 hours together), then every 6 hours. */
export const DEFAULT_RETRY: Readonly<RetryPolicy> = {
  attempts: 23,
  firstDelayMs: 10_000,
  maxDelayMs: 6 * 3_600_000,
};

export const DEFAULT_CONCURRENCY = 16;
export const DEFAULT_TIMEOUT_MS = 30_000;
