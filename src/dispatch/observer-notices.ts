import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, LazyModuleLoader, type ModuleRef } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { loggableError } from '../errors/loggable-error.js';
import type { AnyPostackEvent } from '../events/event-types.js';
import { LISTENER_EMITTER } from '../listeners/listener-emitter.js';

/** Name of the notice that is emitted for every event, whatever its type. */
export const ANY_EVENT_NOTICE = 'postack.event';

/**
 * Notifies plain `@OnEvent` observers of events after their dispatch was committed: of `postack.message.received` and the
 * like, and of `postack.event` for all types. Best effort: in the process that dispatched, without retry or record.
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
   * Uses the emitter of the application's `EventEmitterModule`. Loads that module only if the application has none:
   * otherwise `app.get(EventEmitter2)` would find a second `EventEmitter2`.
   */
  async onModuleInit(): Promise<void> {
    for (const { instance, token } of this.discovery.getProviders()) {
      if (instance instanceof EventEmitter2 && token !== LISTENER_EMITTER) this.#emitter = instance;
    }
    if (this.#emitter) return;
    this.#ownModule = await this.loader.load(() => EVENT_EMITTER_MODULE);
    this.#emitter = this.#ownModule.get(EventEmitter2);
  }

  /** Subscribes the observers: Nest calls no lifecycle hooks of a lazily loaded module. */
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

  /** Notifies the observers of `name`. An error of an observer is logged, and not thrown. */
  notify(name: string, notice: object): void {
    try {
      this.#emitter?.emit(name, notice);
    } catch (error) {
      this.#logger.warn(`Observer of ${name} failed; not retried: ${loggableError(error)}`);
    }
  }
}

const EVENT_EMITTER_MODULE = EventEmitterModule.forRoot({ global: false });
