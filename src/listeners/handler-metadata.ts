import { KNOWN_EVENTS, type KnownEventClass } from '../events/event-types.js';
import type { Ordering } from './order-key.js';
import { UnknownPostackEvent } from '../events/unknown-postack.event.js';

/** How a failing listener is tried again: exponential backoff with jitter. */
export interface RetryPolicy {
  /** How often the listener is called for one event, the first time included. Default 23, about three days. */
  attempts: number;
  /** Wait before the second attempt; doubled each time. Default 10,000 (10 s); 1,000 for an ordered listener. */
  firstDelayMs: number;
  /** No wait is longer than this. Default 21,600,000 (6 h). */
  maxDelayMs: number;
}

/** How many events a listener with `batch` gets at once. */
export interface BatchOptions {
  /** At most so many, from 1 to 1,000. Default 100. */
  maxSize?: number;
}

/** What can be set for one listener, in its decorator or in the module's `listeners` option (which wins). */
export interface ListenerOptions {
  /** How failures are tried again. */
  retry?: Partial<RetryPolicy>;
  /**
   * How many calls of this listener run at once in one process. Default 16; 4 for a transactional listener, whose
   * calls hold a connection of the data source each, and for one with `batch`.
   */
  concurrency?: number;
  /** A call that takes longer has failed; its `signal` is aborted. Default 30,000 (30 s). */
  timeoutMs?: number;
  /**
   * The listener gets the `EntityManager` of a transaction (`TransactionalListenerContext`) in which its "done"
   * mark is committed together with its writes: those happen exactly once. Default false.
   */
  transactional?: boolean;
  /**
   * Events of one conversation, or of one message, one at a time in the order in which they occurred. While one of
   * them waits for its retry, those after it wait too; other conversations never do. A dead letter is waited for
   * no longer. Default: any order, side by side.
   */
  ordered?: Ordering;
  /**
   * The method takes an array of events and a `BatchListenerContext`; what it returns (`BatchResult`) or throws
   * settles them, each on its own or all together. `true` for the default size. Default: one event a call.
   */
  batch?: boolean | BatchOptions;
}

/** Options of `@OnPostackEvent`. */
export interface OnPostackEventOptions extends ListenerOptions {
  /**
   * The name under which outcomes are recorded and retries are queued: letters, digits, `_`, `-` and `.`,
   * at most 80 characters. Default `Class.method`. Give one when you may rename the class: work queued under
   * the old name waits for a listener of that name.
   */
  name?: string;
}

/** Options of `@PostackProjection`. */
export interface PostackProjectionOptions {
  /** As for a listener. Default `Class.method`. */
  name?: string;
  /** How an event that was set aside is tried again. */
  retry?: Partial<RetryPolicy>;
}

/** One thing to subscribe to: an event class, a type name, or `'*'` for everything. */
export type Subscription =
  KnownEventClass | typeof UnknownPostackEvent | KnownEventClass['type'] | '*' | (string & {});

/** What the decorators leave on a method for the dispatcher to find. */
export interface HandlerMetadata {
  kind: 'listener' | 'projection';
  /** As given; `undefined` stands for `Class.method`. */
  name: string | undefined;
  subscriptions: readonly Subscription[];
  options: ListenerOptions;
}

/** Key of the decorators' metadata. `Symbol.for`: the package may be installed twice. */
export const HANDLER_METADATA = Symbol.for('nestjs-postack:handler');

/** Whether a subscription covers an event of this class, or of this unknown wire type. */
export function subscriptionCovers(
  subscription: Subscription,
  eventClass: KnownEventClass | typeof UnknownPostackEvent,
  wireType: string,
): boolean {
  if (subscription === '*' || subscription === eventClass) return true;
  if (typeof subscription !== 'string') return false;
  if (KNOWN_EVENTS.some((known) => known.type === subscription)) return eventClass.type === subscription;
  return (
    subscription === wireType || (eventClass === UnknownPostackEvent && subscription === eventClass.type)
  );
}

/** The event class that a subscription stands for; `undefined` for `'*'` and for types not known. */
export function classOf(
  subscription: Subscription,
): KnownEventClass | typeof UnknownPostackEvent | undefined {
  if (typeof subscription !== 'string') return subscription;
  return KNOWN_EVENTS.find((known) => known.type === subscription);
}
