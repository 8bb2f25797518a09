import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Handler } from '../listeners/handler.js';
import type { DeliveryReason } from '../listeners/listener-context.js';
import { DeliveryQueue } from './deliveries/delivery-queue.js';
import { HandlerWorkers } from './deliveries/handler-workers.js';
import type { StoredEvent } from './stored-events.js';

/** Delivers events again to one handler: for redrive, replay and backfill. */
@Injectable()
export class Redelivery {
  constructor(
    private readonly queue: DeliveryQueue,
    private readonly workers: HandlerWorkers,
  ) {}

  /** Creates the queues of the handlers, once. Required before `redeliver`, outside its transaction. */
  prepare(): Promise<void> {
    return this.workers.prepare();
  }

  /**
   * Starts a new delivery of each event, with all its attempts, when the transaction commits. Queued jobs of the
   * previous delivery become stale. Events whose payload has been removed are left out.
   *
   * @param replayId The replay that the delivery belongs to; `null` for an event that was chosen individually.
   */
  redeliver(
    handler: Handler,
    events: readonly StoredEvent[],
    reason: Exclude<DeliveryReason, 'initial'>,
    replayId: string | null,
    manager: EntityManager,
  ): Promise<void> {
    return this.queue.redeliver(handler, events, reason, replayId, manager);
  }
}
