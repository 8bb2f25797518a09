import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { EventEmitter2 } from '@nestjs/event-emitter';
import type { AnyPostackEvent } from '../events/event-types.js';
import { loggableError } from '../errors/loggable-error.js';

/** The event emitter's event for every event from Postack, whatever its type. */
export const ANY_EVENT_NOTICE = 'postack.event';

/**
 * Tells plain `@OnEvent('postack.message.received')` observers, once the dispatch is committed: a best-effort
 * notice in the process that dispatched, without retry or record. Also as `postack.event`, for all types.
 */
@Injectable()
export class ObserverNotices implements OnModuleInit {
  readonly #logger = new Logger('PostackDispatch');
  #emitter: EventEmitter2;

  constructor(
    private readonly own: EventEmitter2,
    private readonly discovery: DiscoveryService,
  ) {
    this.#emitter = own;
  }

  /** The application's own `EventEmitterModule` wins: its observers may rely on its options, like wildcards. */
  onModuleInit(): void {
    for (const { instance } of this.discovery.getProviders()) {
      if (instance instanceof EventEmitter2 && instance !== this.own) this.#emitter = instance;
    }
  }

  send(events: readonly AnyPostackEvent[]): void {
    for (const event of events) {
      this.tell(`postack.${event.type}`, event);
      this.tell(ANY_EVENT_NOTICE, event);
    }
  }

  /** Tells the observers of `name`. */
  tell(name: string, notice: object): void {
    try {
      this.#emitter.emit(name, notice);
    } catch (error) {
      this.#logger.warn(`An observer of ${name} failed: ${loggableError(error)}`);
    }
  }
}
