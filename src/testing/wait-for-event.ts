import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { type EventDetail, EventQueries } from '../dispatch/outcomes/event-queries.js';

/** Options of `waitForEvent` and `waitForListener`. */
export interface WaitOptions {
  /** Time limit. Default 10,000 (10 s). */
  timeoutMs?: number;
  /** Polling interval in milliseconds. Default 10. */
  everyMs?: number;
}

/** The condition was not met in time; the message contains the last known state. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';
}

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
  { timeoutMs = 10_000, everyMs = 10 }: WaitOptions = {},
): Promise<EventDetail> {
  const events = application.get(EventQueries, { strict: false });
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const event = await events.find(id);
    if (event && condition(event)) return event;
    if (Date.now() > deadline) {
      const found = event ? JSON.stringify({ ...event, payload: undefined }) : 'the event is not stored';
      throw new WaitTimeoutError(`Event ${id} did not meet the condition within ${timeoutMs} ms: ${found}`);
    }
    await sleep(everyMs);
  }
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
