import type { AnyPostackEvent } from '../../events/event-types.js';
import type { Handler } from '../../listeners/handler.js';
import type { Delivery } from '../../listeners/listener-context.js';
import type { StoredEvent } from '../stored-events.js';
import type { Lease } from '../../jobs/lease.js';

/** A delivery that this process has taken: its row is `running`. */
export interface HeldDelivery {
  handler: Handler;
  /** The right to it. */
  lease: Lease;
  stored: StoredEvent;
  generation: number;
  /** Number of earlier calls. */
  attempts: number;
  /** Passed to the listener. */
  delivery: Delivery;
  orderKey: string | null;
}

/** The outcome of a delivery. */
export interface Outcome {
  held: HeldDelivery;
  /** `given-back`: the handler was not called; the delivery waits again, for any process. */
  status: 'done' | 'retrying' | 'dead' | 'given-back';
  error?: unknown;
  /** Until the next attempt. Default 0. */
  delayMs?: number;
}

/** The initial delivery of an event that this process has just dispatched. */
export function firstDelivery(handler: Handler, lease: Lease, stored: StoredEvent): HeldDelivery {
  return {
    ...{ handler, lease, stored, generation: 0, attempts: 0, orderKey: null },
    delivery: { attempt: 1, reason: 'initial', replayId: null },
  };
}

/** The events of deliveries, in their order. */
export function eventsOf(deliveries: readonly HeldDelivery[]): AnyPostackEvent[] {
  return deliveries.map(({ stored }) => stored.event);
}
