import { ConfigurationError } from '../errors/configuration-error.js';
import type { AnyPostackEvent, KnownEventClass } from '../events/event-types.js';
import {
  HANDLER_METADATA,
  type BatchOptions,
  type HandlerMetadata,
  type OnPostackEventOptions,
  type Subscription,
} from './handler-metadata.js';
import type {
  BatchListenerContext,
  ListenerContext,
  TransactionalListenerContext,
} from './listener-context.js';
import type { UnknownPostackEvent } from '../events/unknown-postack.event.js';

/** The event that a method gets for what it subscribed to. */
export type EventOf<S extends Subscription> = S extends '*'
  ? AnyPostackEvent
  : S extends abstract new (...args: never[]) => infer E
    ? E
    : S extends KnownEventClass['type']
      ? InstanceType<Extract<KnownEventClass, { type: S }>>
      : UnknownPostackEvent;

/** The signature of a listener with these options. */
export type ListenerMethod<S extends Subscription, O extends OnPostackEventOptions> = O extends {
  batch: true | BatchOptions;
}
  ? (events: readonly EventOf<S>[], context: BatchListenerContext) => unknown
  : O extends { transactional: true }
    ? (event: EventOf<S>, context: TransactionalListenerContext) => unknown
    : (event: EventOf<S>, context: ListenerContext) => unknown;

/**
 * Makes a method of any provider a listener: it is called at least once for each stored event it subscribes
 * to, until it resolves. An error is a failure, retried later without affecting other listeners; `PermanentError` and
 * `RetryAfterError` change that. It may do anything; use `event.idempotencyKey(name)` for effects that must not happen
 * twice.
 *
 * The method gets `(event, context)`, or `(events, context)` with `batch`; a parameter type that does not match
 * the subscription and the options is a compile-time error.
 *
 * @example
 * ```ts
 * @OnPostackEvent(MessageReceivedEvent)
 * async notifyCrm(event: MessageReceivedEvent, { signal }: ListenerContext) {}
 * ```
 *
 * @param subscription An event class, its type name, several of them in an array, a type that this package
 *   does not know (then an `UnknownPostackEvent` comes), or `'*'` for everything.
 */
export function OnPostackEvent<const S extends Subscription, const O extends OnPostackEventOptions = object>(
  subscription: S | readonly S[],
  // Intersected, so that an unknown option is rejected although O is inferred.
  options?: O & Record<Exclude<keyof O, keyof OnPostackEventOptions>, never>,
) {
  const { name, endpoint, ...listenerOptions }: OnPostackEventOptions = options ?? {};
  return handlerDecorator<ListenerMethod<S, O>>('listener', subscription, name, listenerOptions, {
    endpoint,
  });
}

/** The decorator shared by listeners and projections: checks the method's type, records the metadata. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- it types the decorated method
export function handlerDecorator<Handler>(
  kind: HandlerMetadata['kind'],
  subscription: Subscription | readonly Subscription[],
  name: string | undefined,
  options: HandlerMetadata['options'],
  { endpoint, reinterprets = false }: Partial<Pick<HandlerMetadata, 'endpoint' | 'reinterprets'>> = {},
) {
  return <Method extends Handler>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    if (typeof target === 'function') {
      throw new ConfigurationError('Postack listeners and projections', [
        `${target.name}.${String(key)} is static: there is no provider to call it on. Make it a method of the instance`,
      ]);
    }
    const metadata: HandlerMetadata = {
      kind,
      name,
      subscriptions: Array.isArray(subscription) ? subscription : [subscription as Subscription],
      options,
      endpoint,
      reinterprets,
    };
    const method = descriptor.value as object;
    const others = (Reflect.getOwnMetadata(HANDLER_METADATA, method) ?? []) as HandlerMetadata[];
    Reflect.defineMetadata(HANDLER_METADATA, [...others, metadata], method);
    // Another decorator may replace the method by one that has no metadata.
    Reflect.defineMetadata(HANDLER_METADATA, [...others, metadata], target, key);
  };
}
