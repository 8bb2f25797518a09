import type { RetryPolicy, Subscription } from './handler-metadata.js';
import type { Ordering } from './order-key.js';

/** The settings of a handler, with every default filled in. */
export interface HandlerSettings {
  retry: RetryPolicy;
  concurrency: number;
  timeoutMs: number;
  transactional: boolean;
  ordered: Ordering | null;
  /** Maximum number of events in one call; `null` for one event per call. */
  batchSize: number | null;
}

/** A method that was found to be a listener or a projection, bound to the event emitter. */
export interface Handler {
  kind: 'listener' | 'projection';
  /** Stable and unique: its deliveries are stored under it. */
  name: string;
  subscriptions: readonly Subscription[];
  /** Only events of this endpoint; `null` for all. */
  endpoint: string | null;
  /** A projection that takes part when stored events are read again with another mapping. */
  reinterprets: boolean;
  settings: HandlerSettings;
  /** Event of the emitter that reaches exactly this method. A symbol, which no wildcard matches. */
  channel: symbol;
}
