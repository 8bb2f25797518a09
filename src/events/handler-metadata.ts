import { KNOWN_EVENTS, type KnownEventClass } from './event-types.js';
import { UnknownPostackEvent } from './unknown-postack.event.js';

/** How a failing listener is tried again: exponential backoff with jitter. */
export interface RetryPolicy {
  /** How often the listener is called for one event, the first time included. Default 23, about three days. */
  attempts: number;
  /** Wait before the second attempt; doubled each time. Whole seconds, at least 1,000. Default 10,000 (10 s). */
  firstDelayMs: number;
  /** No wait is longer than this. Whole seconds. Default 21,600,000 (6 h). */
  maxDelayMs: number;
}

/** What can be set for one listener, in its decorator or in the module's `listeners` option (which wins). */
export interface ListenerOptions {
  /** How failures are tried again. */
  retry?: Partial<RetryPolicy>;
  /** How many events this listener handles at once in one process. Default 16. */
  concurrency?: number;
  /** A call that takes longer has failed; its `signal` is aborted. Default 30,000 (30 s). */
  timeoutMs?: number;
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
