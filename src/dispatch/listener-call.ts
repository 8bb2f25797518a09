import type { EventEmitter2 } from '@nestjs/event-emitter';
import type { AnyPostackEvent } from '../events/event-types.js';
import type { ListenerContext } from '../events/on-postack-event.decorator.js';
import type { Handler } from './handler.js';

/** A listener took longer than its `timeoutMs`. What it does after that is not waited for. */
export class ListenerTimeoutError extends Error {
  readonly code = 'POSTACK_LISTENER_TIMEOUT';
  override readonly name = 'ListenerTimeoutError';

  constructor(listener: string, timeoutMs: number) {
    super(`${listener} did not finish within ${timeoutMs} ms`);
  }
}

/**
 * Calls one listener for one event through the event emitter, and settles when it does.
 *
 * @throws whatever the listener throws, or {ListenerTimeoutError}.
 */
export async function callListener(
  emitter: EventEmitter2,
  listener: Handler,
  event: AnyPostackEvent,
  attempt: number,
): Promise<void> {
  const { name, channel, settings } = listener;
  const abort = new AbortController();
  const context: ListenerContext = { listener: name, attempt, signal: abort.signal };
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new ListenerTimeoutError(name, settings.timeoutMs);
      abort.abort(error);
      reject(error);
    }, settings.timeoutMs);
  });
  try {
    await Promise.race([emitter.emitAsync(channel, event, context), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
