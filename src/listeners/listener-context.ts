import type { EntityManager } from 'typeorm';

/**
 * Why an event is delivered to a listener.
 *
 * - `initial`: the event was received
 * - `redrive`: the listener's dead letter was redriven
 * - `replay`: stored events were replayed
 * - `backfill`: the listener is newer than the event
 * - `reinterpret`: the event is read otherwise than before, with another mapping
 */
export type DeliveryReason = 'initial' | 'redrive' | 'replay' | 'backfill' | 'reinterpret';

/** One delivery of an event to a listener. */
export interface Delivery {
  /**
   * 1 for the first call of this delivery, 2 for its first retry, … A call during which the process may have died counts
   * too.
   */
  attempt: number;
  /** Why the event is delivered: for the first time, or again. */
  reason: DeliveryReason;
  /** The replay it belongs to; `null` when it belongs to none. */
  replayId: string | null;
}

/** The second argument of every listener. */
export interface ListenerContext extends Delivery {
  /** The listener's own name: for `event.idempotencyKey(listener)`. */
  listener: string;
  /** Aborted when the call has taken longer than `timeoutMs`: pass it to `fetch` and similar calls. */
  signal: AbortSignal;
}

/** The second argument of a listener with `transactional: true`. */
export interface TransactionalListenerContext extends ListenerContext {
  /** Of the transaction in which the listener's "done" mark is committed together with its writes. */
  manager: EntityManager;
}

/** The second argument of a listener with `batch`. */
export interface BatchListenerContext {
  /** The listener's own name: for `event.idempotencyKey(listener)`. */
  listener: string;
  /** Aborted when the call has taken longer than `timeoutMs`. */
  signal: AbortSignal;
  /** One for each event, in the order of the events. */
  deliveries: readonly Delivery[];
}

/**
 * What a listener with `batch` may return: nothing when all its events are done, or one settled result for each
 * event in the order of the events, as `Promise.allSettled` gives them; rejected events are retried.
 */
export type BatchResult = readonly PromiseSettledResult<unknown>[];
