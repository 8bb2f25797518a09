import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AnyPostackEvent } from '../events/event-types.js';

/** Writes in the transaction of a batch, before its commit. An error rolls back the whole batch. */
export type BatchObserver = (events: readonly AnyPostackEvent[], manager: EntityManager) => Promise<void>;

/** Observers that see the events of every type, without being handlers. */
@Injectable()
export class BatchObservers {
  readonly #observers: BatchObserver[] = [];

  /** Registers an observer. It sees each event once when it is dispatched, and again when it is read otherwise later. */
  add(observer: BatchObserver): void {
    this.#observers.push(observer);
  }

  /** In the transaction of `manager`. */
  async notify(events: readonly AnyPostackEvent[], manager: EntityManager): Promise<void> {
    for (const observer of this.#observers) await observer(events, manager);
  }
}
