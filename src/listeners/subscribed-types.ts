import type { EventTypeMap } from '../events/event-types.js';
import type { Handler } from './handler.js';
import type { HandlerRegistry } from './handler-registry.js';

/** A type that nobody has given a name to: what it is routed to, all such types are. */
const ANY_OTHER_TYPE = '(any other type)';

/** A set of wire types, which may be infinite: a listener on `'*'` takes types that nobody knows yet. */
export interface WireTypes {
  /** Types that are in the set. */
  included: string[];
  /** Types that `hasOthers` does not speak of. */
  named: string[];
  /** Whether every type that is not `named` is in the set. */
  hasOthers: boolean;
}

/** The wire types of which at least one event goes to one of these listeners. */
export function subscribedTypes(
  listeners: readonly Handler[],
  registry: HandlerRegistry,
  eventTypes: EventTypeMap,
): WireTypes {
  const subscriptions = registry.listeners.flatMap((listener) => listener.subscriptions);
  const named = [
    ...new Set([...Object.keys(eventTypes), ...subscriptions.filter((one) => typeof one === 'string')]),
  ];
  const isSubscribed = (wireType: string) =>
    registry.routeOf(wireType).listeners.some((listener) => listeners.includes(listener));
  return { included: named.filter(isSubscribed), named, hasOthers: isSubscribed(ANY_OTHER_TYPE) };
}
