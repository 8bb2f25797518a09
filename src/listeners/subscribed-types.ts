import type { EventTypeMap } from '../events/event-types.js';
import type { Handler } from './handler.js';
import type { HandlerRegistry } from './handler-registry.js';

/** Stands for every type that no option and no listener names: they are all routed alike. */
const ANY_OTHER_TYPE = '(any other type)';

/** A set of wire types, which may be infinite: a listener on `'*'` also covers types not known yet. */
export interface WireTypes {
  /** Types in the set. */
  included: string[];
  /** Types that `hasOthers` does not apply to. */
  named: string[];
  /** Whether every type that is not `named` is in the set. */
  hasOthers: boolean;
}

/** The wire types that at least one of these listeners is subscribed to. */
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
