import { orderKeyOf } from '../../listeners/order-key.js';
import type { StoredEvent } from '../stored-events.js';
import type { Subscriber } from '../../listeners/subscriptions.js';
import { firstDelivery } from './held-delivery.js';
import type { HandlerWorkers } from './handler-workers.js';
import type { HandlerWorker } from './handler-worker.js';
import type { Lease } from '../../jobs/lease.js';
import type { NewDelivery } from './ledger.js';

/** Deliveries that a worker of this process takes without fetching them. */
interface Share {
  worker: HandlerWorker;
  reserved: number;
  events: StoredEvent[];
}

/**
 * The deliveries of one dispatched batch. What the workers of this process have room for is handed to them when the batch
 * is committed; the rest waits in the ledger, for whichever process takes it.
 */
export class DeliveryPlan {
  readonly deliveries: NewDelivery[] = [];
  /** Handlers with deliveries that wait in the ledger. */
  readonly waiting = new Set<string>();
  readonly #shares: Share[] = [];
  #isOver = false;

  /** @param lease The lease to take deliveries under; without one all of them wait. */
  constructor(
    private readonly workers: HandlerWorkers,
    readonly lease: Lease | undefined,
  ) {
    if (lease) lease.held++;
  }

  /** Adds a delivery of each event to a subscriber. */
  add(subscriber: Subscriber, events: readonly StoredEvent[]): void {
    const { name, ordered, kind } = subscriber;
    const worker = kind === 'listener' && this.lease ? this.workers.get(name) : undefined;
    const reserved = worker?.reserve(events.length) ?? 0;
    if (worker && reserved > 0) this.#shares.push({ worker, reserved, events: events.slice(0, reserved) });
    if (reserved < events.length) this.waiting.add(name);
    const groups = new Set<string>();
    events.forEach(({ rowId, event }, index) => {
      const orderKey = ordered ? orderKeyOf(event, ordered) : null;
      const isBehind = orderKey !== null && groups.has(orderKey);
      if (orderKey !== null) groups.add(orderKey);
      this.deliveries.push({
        ...{ rowId, handler: name, isHeld: index < reserved, orderKey, isBehind },
        occurredAt: orderKey === null ? null : event.occurredAt,
      });
    });
  }

  /** After the commit: calls the listeners. */
  handOver(): void {
    const { lease } = this;
    for (const { worker, reserved, events } of this.#end()) {
      worker.hand(
        lease ? events.map((stored) => firstDelivery(worker.handler, lease, stored)) : [],
        reserved,
      );
    }
    this.workers.expect([...this.waiting]);
  }

  /** After a failure: gives the reserved room back. */
  abandon(): void {
    for (const { worker, reserved } of this.#end()) worker.hand([], reserved);
  }

  #end(): readonly Share[] {
    if (this.#isOver) return [];
    this.#isOver = true;
    if (this.lease) this.lease.held--;
    return this.#shares;
  }
}
