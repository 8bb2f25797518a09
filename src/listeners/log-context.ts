import { AsyncLocalStorage } from 'node:async_hooks';

/** What the code that runs now belongs to: for log lines. */
export interface PostackLogContext {
  /** The `svix-id`; absent in a call for a batch. */
  eventId?: string;
  /** The ids of a batch. */
  eventIds?: readonly string[];
  endpoint?: string;
  listener: string;
  /** 1 for the first call; absent in a call for a batch. */
  attempt?: number;
}

const contexts = new AsyncLocalStorage<PostackLogContext>();

/**
 * The listener call that the caller runs in; `undefined` outside one. Kept by AsyncLocalStorage, so it is there in
 * everything that the listener awaits. It holds no texts and no phone numbers.
 *
 * @example
 * ```ts
 * const logger = pino({ mixin: () => ({ ...postackLogContext() }) });
 * ```
 */
export function postackLogContext(): Readonly<PostackLogContext> | undefined {
  return contexts.getStore();
}

/** Runs a listener's call in its context. */
export function runInLogContext<Result>(context: PostackLogContext, call: () => Result): Result {
  return contexts.run(Object.freeze(context), call);
}
