import type { INestApplicationContext } from '@nestjs/common';
import { type EventDetail, EventQueries } from '../dispatch/outcomes/event-queries.js';
import { poll, type WaitOptions, WaitTimeoutError } from './poll.js';

/**
 * Waits until an event satisfies a condition, and returns it.
 *
 * @param id The `svix-id`.
 * @param condition Default: its status is no longer `pending`.
 * @throws {WaitTimeoutError}
 */
export async function waitForEvent(
  application: INestApplicationContext,
  id: string,
  condition: (event: EventDetail) => boolean = ({ status }) => status !== 'pending',
  options?: WaitOptions,
): Promise<EventDetail> {
  const events = application.get(EventQueries, { strict: false });
  return poll<EventDetail>(async (timeoutMs) => {
    const event = await events.find(id);
    if (event && condition(event)) return { found: event };
    const state = () =>
      event ? JSON.stringify({ ...event, payload: undefined }) : 'the event is not stored';
    return { timedOut: () => `Event ${id} did not meet the condition within ${timeoutMs} ms: ${state()}` };
  }, options);
}

/**
 * Waits until a listener has an outcome for an event, or the given one, and returns it.
 *
 * @param id The `svix-id`.
 * @param listener Name of the listener.
 * @param status Outcome to wait for. Default: any but `pending` and `running`.
 *
 * @example
 * ```ts
 * const { lastError } = await waitForListener(app, id, 'CrmListener.onReceived', 'retrying');
 * ```
 * @throws {WaitTimeoutError}
 */
export async function waitForListener(
  application: INestApplicationContext,
  id: string,
  listener: string,
  status?: EventDetail['listeners'][number]['status'],
  options?: WaitOptions,
): Promise<EventDetail['listeners'][number]> {
  const outcomeIn = (event: EventDetail) => event.listeners.find(({ name }) => name === listener);
  const isReached = (event: EventDetail) => {
    const found = outcomeIn(event)?.status ?? 'pending';
    return status === undefined ? found !== 'pending' && found !== 'running' : found === status;
  };
  const outcome = outcomeIn(await waitForEvent(application, id, isReached, options));
  if (!outcome) throw new WaitTimeoutError(`Event ${id} was not delivered to a listener named ${listener}`);
  return outcome;
}
