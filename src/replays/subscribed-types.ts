import type { Subscriber, Subscriptions } from '../listeners/subscriptions.js';
import type { EventTypeMap } from '../events/event-types.js';

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
  listeners: readonly Subscriber[],
  subscriptions: Subscriptions,
  eventTypes: EventTypeMap,
): WireTypes {
  const subscribed = subscriptions.all.flatMap(({ types }) => types).filter((type) => type !== '*');
  const named = [...new Set([...Object.keys(eventTypes), ...subscribed])];
  const names = new Set(listeners.map(({ name }) => name));
  const isSubscribed = (wireType: string) =>
    subscriptions.routeOf(wireType).listeners.some(({ name }) => names.has(name));
  return { included: named.filter(isSubscribed), named, hasOthers: isSubscribed(ANY_OTHER_TYPE) };
}
