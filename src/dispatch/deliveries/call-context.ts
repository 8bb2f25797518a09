import { inListenerSpan } from '../../events/tracing.js';
import type { Handler } from '../../listeners/handler.js';
import { type PostackLogContext, runInLogContext } from '../../listeners/log-context.js';
import { eventsOf, type HeldDelivery } from './held-delivery.js';

/** Runs the call of a listener so that log lines and traces know which event and which attempt it is about. */
export function inCallContext<Result>(
  handler: Handler,
  calls: readonly HeldDelivery[],
  call: () => Promise<Result>,
): Promise<Result> {
  const traceParents = calls.map(({ stored }) => stored.traceParent);
  return runInLogContext(logContextOf(handler, calls), () =>
    inListenerSpan(handler.name, attributesOf(calls), traceParents, call),
  );
}

function attributesOf(calls: readonly HeldDelivery[]): Record<string, string | number> {
  const [first] = calls;
  if (!first || calls.length > 1) return { 'messaging.batch.message_count': calls.length };
  const { event } = first.stored;
  return {
    'messaging.message.id': event.id,
    'postack.event.type': event.type,
    'postack.attempt': first.delivery.attempt,
  };
}

function logContextOf({ name, settings }: Handler, calls: readonly HeldDelivery[]): PostackLogContext {
  const [first] = calls;
  if (settings.batchSize !== null || !first) {
    return { listener: name, eventIds: eventsOf(calls).map(({ id }) => id) };
  }
  const { id, endpoint } = first.stored.event;
  return { listener: name, eventId: id, endpoint, attempt: first.delivery.attempt };
}
