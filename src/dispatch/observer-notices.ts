import {
  Injectable,
  Logger,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { DiscoveryService, LazyModuleLoader, type ModuleRef } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, EventEmitterReadinessWatcher } from '@nestjs/event-emitter';
import { loggableError } from '../errors/loggable-error.js';
import type { AnyPostackEvent } from '../events/event-types.js';

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
  /** Resolves when the observers have subscribed: events may be dispatched while the application still starts. */
  #ready: Promise<void> = Promise.resolve();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly loader: LazyModuleLoader,
  ) {}

  /**
   * Uses the emitter of the application's `EventEmitterModule`. Only without one, that module is loaded here: a second
   * `EventEmitter2` beside the application's would be what `app.get(EventEmitter2)` returns.
   */
  async onModuleInit(): Promise<void> {
    let emitter: EventEmitter2 | undefined;
    // Of several, the last one is what `app.get(EventEmitter2)` returns.
    for (const { token, instance, host } of this.discovery.getProviders().toReversed()) {
      if (token !== EventEmitter2 || !(instance instanceof EventEmitter2)) continue;
      emitter ??= instance;
      const watcher: unknown = host?.providers.get(EventEmitterReadinessWatcher)?.instance;
      if (watcher instanceof EventEmitterReadinessWatcher) {
        this.#use(instance, watcher);
        return;
      }
    }
    this.#ownModule = await this.loader.load(() => eventEmitterModule(emitter));
    this.#use(this.#ownModule.get(EventEmitter2), this.#ownModule.get(EventEmitterReadinessWatcher));
  }

  /** Subscribes the observers to the own module's emitter: Nest calls no hooks of a lazily loaded module. */
  onApplicationBootstrap(): void {
    for (const provider of eventEmitterModule().providers ?? []) {
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
    void this.#ready.then(() => {
      try {
        this.#emitter?.emit(name, notice);
      } catch (error) {
        this.#logger.warn(`Observer of ${name} failed; not retried: ${loggableError(error)}`);
      }
    });
  }

  #use(emitter: EventEmitter2, watcher: EventEmitterReadinessWatcher): void {
    this.#emitter = emitter;
    // It rejects when subscribing failed: those that have subscribed are notified all the same.
    this.#ready = watcher.waitUntilReady().catch(() => undefined);
  }
}

/** @param emitter One that the application provides without the module. Default: a new one. */
function eventEmitterModule(emitter?: EventEmitter2): DynamicModule {
  const { providers = [], ...module } = EventEmitterModule.forRoot({ global: false });
  return {
    ...module,
    providers: [...providers, ...(emitter ? [{ provide: EventEmitter2, useValue: emitter }] : [])],
  };
}
