import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, LazyModuleLoader, type ModuleRef } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { loggableError } from '../errors/loggable-error.js';
import type { AnyPostackEvent } from '../events/event-types.js';
import { LISTENER_EMITTER } from '../listeners/listener-emitter.js';

/** The event emitter's event for every event from Postack, whatever its type. */
export const ANY_EVENT_NOTICE = 'postack.event';

/**
 * Notifies plain `@OnEvent('postack.message.received')` observers after the dispatch is committed: best effort, in the
 * process that dispatched, without retry or record. Also as `postack.event`, for all types.
 */
@Injectable()
export class ObserverNotices implements OnModuleInit, OnApplicationBootstrap {
  readonly #logger = new Logger('PostackDispatch');
  #emitter: EventEmitter2 | undefined;
  #ownModule: ModuleRef | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly loader: LazyModuleLoader,
  ) {}

  /**
   * Uses the emitter of the application's `EventEmitterModule`. When it has none, that module is loaded here: only then,
   * since a second `EventEmitter2` would be what `app.get(EventEmitter2)` finds.
   */
  async onModuleInit(): Promise<void> {
    for (const { instance, token } of this.discovery.getProviders()) {
      if (instance instanceof EventEmitter2 && token !== LISTENER_EMITTER) this.#emitter = instance;
    }
    if (this.#emitter) return;
    this.#ownModule = await this.loader.load(() => EVENT_EMITTER_MODULE);
    this.#emitter = this.#ownModule.get(EventEmitter2);
  }

  /** Nest calls no lifecycle hooks of a module that is loaded late: this one subscribes the observers. */
  onApplicationBootstrap(): void {
    for (const provider of EVENT_EMITTER_MODULE.providers ?? []) {
      if (typeof provider !== 'function') continue;
      const instance: Partial<OnApplicationBootstrap> | undefined = this.#ownModule?.get(provider);
      instance?.onApplicationBootstrap?.();
    }
  }

  send(events: readonly AnyPostackEvent[]): void {
    for (const event of events) {
      this.notify(`postack.${event.type}`, event);
      this.notify(ANY_EVENT_NOTICE, event);
    }
  }

  /** Notifies the observers of `name`. */
  notify(name: string, notice: object): void {
    try {
      this.#emitter?.emit(name, notice);
    } catch (error) {
      this.#logger.warn(`An observer of ${name} failed: ${loggableError(error)}`);
    }
  }
}

const EVENT_EMITTER_MODULE = EventEmitterModule.forRoot({ global: false });
