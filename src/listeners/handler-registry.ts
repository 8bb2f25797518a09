import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { EventEmitter2 } from '@nestjs/event-emitter';
import { ConfigurationError } from '../errors/configuration-error.js';
import { typeOf } from '../events/event-types.js';
import { HANDLER_METADATA, subscriptionCovers, type HandlerMetadata } from './handler-metadata.js';
import { UnknownPostackEvent } from '../events/unknown-postack.event.js';
import { EventsOptions } from '../events/events.options.js';
import { JobsOptions } from '../jobs/jobs.options.js';
import { LISTENER_EMITTER } from './listener-emitter.js';
import { ListenersOptions } from './listeners.options.js';
import type { Handler } from './handler.js';
import { listenerSettings } from './listener-settings.js';

/** A provider as `DiscoveryService` returns it; Nest does not export the class. */
type ProviderWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Letters, digits and `_ - .`: a name is part of URLs and log lines. */
const HANDLER_NAME = /^[\w.-]{1,80}$/;

/** Finds every listener and projection of the application, checks them, and binds them to the event emitter. */
@Injectable()
export class HandlerRegistry implements OnModuleInit {
  readonly #logger = new Logger('Postack');
  readonly #handlers = new Map<string, Handler>();
  readonly #switchedOff = new Set<string>();

  constructor(
    private readonly options: ListenersOptions,
    private readonly events: EventsOptions,
    private readonly jobs: JobsOptions,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    @Inject(LISTENER_EMITTER) private readonly emitter: EventEmitter2,
  ) {}

  /** @throws {ConfigurationError} naming every handler that cannot work. */
  onModuleInit(): void {
    const problems: string[] = [];
    const seen = new Set<object>();
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      const prototype = prototypeOf(wrapper);
      if (!prototype || seen.has(wrapper.instance as object)) continue;
      if (wrapper.instance) seen.add(wrapper.instance as object);
      for (const method of this.scanner.getAllMethodNames(prototype)) {
        for (const metadata of metadataOf(prototype, method)) this.#add(wrapper, method, metadata, problems);
      }
    }
    for (const name of Object.keys(this.options.listeners)) {
      if (this.#handlers.get(name)?.kind === 'listener' || this.#switchedOff.has(name)) continue;
      problems.push(
        `the option "listeners" has settings for "${name}", but there is no listener of that name`,
      );
    }
    if (problems.length > 0) throw new ConfigurationError('Postack listeners and projections', problems);
    if (this.jobs.works) this.#logRoutes();
  }

  /** Names of the listeners that the option `listeners` switches off. */
  get switchedOff(): string[] {
    return [...this.#switchedOff];
  }

  get listeners(): Handler[] {
    return [...this.#handlers.values()].filter(({ kind }) => kind === 'listener');
  }

  get projections(): Handler[] {
    return [...this.#handlers.values()].filter(({ kind }) => kind === 'projection');
  }

  get(name: string): Handler | undefined {
    return this.#handlers.get(name);
  }

  #add(wrapper: ProviderWrapper, method: string, metadata: HandlerMetadata, problems: string[]): void {
    const where = `${wrapper.metatype?.name ?? String(wrapper.name)}.${method}`;
    const name = metadata.name ?? where;
    const taken = this.#handlers.get(name);
    const set = this.options.listeners[name];
    if (!wrapper.isDependencyTreeStatic()) {
      problems.push(
        `${where}: request-scoped providers are not supported: there is no HTTP request here. Make its class (and what it ` +
          'depends on) a singleton, and resolve request-scoped providers inside the method with ModuleRef.resolve()',
      );
    } else if (!HANDLER_NAME.test(name)) {
      problems.push(`${where}: the name "${name}" must be 1 to 80 letters, digits, "_", "-" or "."`);
    } else if (metadata.subscriptions.length === 0) {
      problems.push(`${where}: it subscribes to nothing`);
    } else if (taken) {
      problems.push(
        `${where}: the name "${name}" is used twice; set a different name for one of them, ` +
          'or provide its class in one module only',
      );
    } else if (metadata.kind === 'listener' && set === false) {
      this.#switchedOff.add(name);
    } else {
      const { kind, subscriptions, options, reinterprets, endpoint = null } = metadata;
      const ownOptions = set === false ? undefined : set;
      const settings = listenerSettings(where, { ...options, ...ownOptions }, problems);
      const channel = Symbol(`postack:${kind}:${name}`);
      const instance = wrapper.instance as Record<string, (...args: unknown[]) => unknown>;
      this.emitter.on(channel, (...args: unknown[]) => instance[method]?.(...args));
      this.#handlers.set(name, { kind, name, subscriptions, endpoint, reinterprets, settings, channel });
    }
  }

  /** The table "event → projections, listeners", so that a missing listener is noticed at startup. */
  #logRoutes(): void {
    const { eventTypes } = this.events;
    const types = new Map(Object.entries(eventTypes).map(([name, kind]) => [name, typeOf(kind)]));
    for (const { subscriptions } of this.#handlers.values()) {
      for (const one of subscriptions) {
        if (typeof one === 'string' && one !== '*' && !types.has(one))
          types.set(one, UnknownPostackEvent.type);
      }
    }
    types.delete(UnknownPostackEvent.type);
    types.set('(any other type)', UnknownPostackEvent.type);
    const width = Math.max(...[...types.keys()].map(({ length }) => length));
    this.#logger.log(`${'event'.padEnd(width)} → projections | listeners`);
    for (const [wireType, type] of types) {
      const namesOf = (handlers: readonly Handler[]) =>
        handlers
          .filter(({ subscriptions }) =>
            subscriptions.some((one) => subscriptionCovers(one, { type, wireType })),
          )
          .map(({ name }) => name)
          .join(', ');
      const [projections, listeners] = [namesOf(this.projections), namesOf(this.listeners)];
      const unhandled = projections + listeners === '' ? '  (stored as unhandled)' : '';
      this.#logger.log(`${wireType.padEnd(width)} → ${projections || '–'} | ${listeners || '–'}${unhandled}`);
    }
  }
}

/** Where to look for decorated methods: a request-scoped provider has no instance yet, but a class. */
function prototypeOf(wrapper: ProviderWrapper): object | undefined {
  if (wrapper.isAlias) return undefined;
  if (wrapper.isDependencyTreeStatic()) {
    const instance: unknown = wrapper.instance;
    if (typeof instance !== 'object' || instance === null) return undefined;
    return (Object.getPrototypeOf(instance) as object | null) ?? undefined;
  }
  const metatype = wrapper.metatype as { prototype?: object } | null;
  return metatype?.prototype;
}

/** What the decorators of a method say. Those with the same name and options are one, with the subscriptions of both. */
function metadataOf(prototype: object, method: string): HandlerMetadata[] {
  const value: unknown = (prototype as Record<string, unknown>)[method];
  if (typeof value !== 'function') return [];
  const ofFunction: unknown = Reflect.getMetadata(HANDLER_METADATA, value);
  const all = (ofFunction ?? ofReplaced(prototype, method) ?? []) as HandlerMetadata[];
  const alike = Map.groupBy(all, ({ subscriptions: _, ...rest }) => JSON.stringify(rest));
  return [...alike.values()].flatMap(([first, ...others]) =>
    first
      ? { ...first, subscriptions: [first, ...others].flatMap(({ subscriptions }) => subscriptions) }
      : [],
  );
}

/** The metadata of a method that another decorator has replaced; none of one that a subclass overrides. */
function ofReplaced(prototype: object, method: string): unknown {
  let owner: object | null = prototype;
  while (owner && !Object.hasOwn(owner, method)) owner = Object.getPrototypeOf(owner) as object | null;
  return owner ? Reflect.getOwnMetadata(HANDLER_METADATA, owner, method) : undefined;
}
