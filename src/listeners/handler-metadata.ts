import { isKnownType, KNOWN_EVENTS, type KnownEventClass } from '../events/event-types.js';
import type { PostackEvent } from '../events/postack-event.js';
import type { Ordering } from './order-key.js';
import type { UnknownPostackEvent } from '../events/unknown-postack.event.js';

/** How a failed call is retried: exponential backoff with ±20 % jitter. */
export interface RetryPolicy {
  /** Calls for one event, including the first. Default 23, about three days. */
  attempts: number;
  /** Delay before the second attempt; doubled each time. Default 10,000 (10 s); 1,000 for an ordered listener. */
  firstDelayMs: number;
  /** Maximum delay. Default 21,600,000 (6 h). */
  maxDelayMs: number;
}

/** How many events a listener with `batch` gets in one call. */
export interface BatchOptions {
  /** Maximum number of events in one call. 1 to 1,000. Default 100. */
  maxSize?: number;
}

/** Settings of one listener, in its decorator or in the module's `listeners` option, which takes precedence. */
export interface ListenerOptions {
  /** How failures are retried. */
  retry?: Partial<RetryPolicy>;
  /**
   * Concurrent calls of this listener in one process. Default 16; 4 for a listener with `batch`, and for a
   * transactional one, each of whose calls holds a connection of the data source.
   */
  concurrency?: number;
  /** A call that takes longer fails, and its `signal` is aborted. Default 30,000 (30 s). */
  timeoutMs?: number;
  /**
   * The listener gets the `EntityManager` of a transaction (`TransactionalListenerContext`) in which its "done"
   * mark is committed together with its writes, so these take effect exactly once. Default false.
   */
  transactional?: boolean;
  /**
   * Events of one conversation, or of one message, one at a time in the order in which they occurred. While one of them
   * waits for its retry, the events behind it wait too; other conversations do not. A dead letter no longer blocks the
   * events behind it. Default: unordered, concurrent.
   */
  ordered?: Ordering;
  /**
   * The method takes an array of events and a `BatchListenerContext`; what it returns (`BatchResult`) or throws is the
   * outcome of each event, or of all. `true` for the default size. Default: one event per call.
   */
  batch?: boolean | BatchOptions;
}

/** Options of `@OnPostackEvent`. */
export interface OnPostackEventOptions extends ListenerOptions {
  /**
   * The name under which outcomes are recorded and retries are queued: letters, digits, `_`, `-` and `.`,
   * at most 80 characters. Default `Class.method`. Set it if the class may be renamed: work queued under
   * the old name waits for a listener of that name.
   */
  name?: string;
  /** Only events of the endpoint of this name; see the option `endpoints`. Default: of all. */
  endpoint?: string;
}

/** Options of `@PostackProjection`. */
export interface PostackProjectionOptions {
  /** As for a listener. Default `Class.method`. */
  name?: string;
  /** How an event that failed alone is retried. */
  retry?: Partial<RetryPolicy>;
  /**
   * Whether it takes part when stored events are read again with another mapping (`Replays.reinterpret`): it gets those
   * that are read otherwise now once more, with their former readings in its third argument. Default `false`.
   */
  reinterprets?: boolean;
}

/** One thing to subscribe to: an event class, a type name, or `'*'` for everything. */
export type Subscription =
  KnownEventClass | typeof UnknownPostackEvent | KnownEventClass['type'] | '*' | (string & {});

/** What the decorators record on a method, for the registry. */
export interface HandlerMetadata {
  kind: 'listener' | 'projection';
  /** As given; `undefined` stands for `Class.method`. */
  name: string | undefined;
  subscriptions: readonly Subscription[];
  options: ListenerOptions;
  /** Only events of this endpoint; `undefined` for all. */
  endpoint?: string | undefined;
  /** See `PostackProjectionOptions`. */
  reinterprets: boolean;
}

/** Key of the decorators' metadata, a list. `Symbol.for`: the package may be installed twice. */
export const HANDLER_METADATA = Symbol.for('nestjs-postack:handler');

/** Whether a subscription covers an event. */
export function subscriptionCovers(
  subscription: Subscription,
  { type, wireType }: Pick<PostackEvent, 'type' | 'wireType'>,
): boolean {
  const name = typeof subscription === 'string' ? subscription : subscription.type;
  return name === '*' || name === type || (name === wireType && !isKnownType(name));
}

/** The event class that a subscription stands for; `undefined` for `'*'` and for types not known. */
export function classOf(
  subscription: Subscription,
): KnownEventClass | typeof UnknownPostackEvent | undefined {
  if (typeof subscription !== 'string') return subscription;
  return KNOWN_EVENTS.find((known) => known.type === subscription);
}
