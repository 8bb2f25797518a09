import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Handler } from '../listeners/handler.js';
import type { DeliveryReason } from '../listeners/listener-context.js';
import { DeliveryQueue } from './deliveries/delivery-queue.js';
import { HandlerWorkers } from './deliveries/handler-workers.js';
import type { StoredEvent } from './stored-events.js';

/** Delivers events again, to one handler: for redrive, replay and backfill. */
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
   * Begins a new delivery of each event, with all its attempts, when the transaction commits. Whatever was still queued of
   * the delivery before is void. Events whose payload has been removed are left out.
   *
   * @param replayId The replay that does this; `null` when the events were chosen one by one.
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
