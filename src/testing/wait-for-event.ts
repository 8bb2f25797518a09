import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { type EventDetail, EventQueries } from '../dispatch/outcomes/event-queries.js';

/** For how long to wait, and how often to look. */
export interface WaitOptions {
  /** Default 10,000 (10 s). */
  timeoutMs?: number;
  /** Default 10. */
  everyMs?: number;
}

/** What was waited for did not happen; the message tells how things stood at the end. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';
}

/**
 * Waits until what is known of an event satisfies `condition`, and returns it.
 *
 * @param id The `svix-id`.
 * @throws {WaitTimeoutError}
 */
export async function waitForEvent(
  application: INestApplicationContext,
  id: string,
  condition: (event: EventDetail) => boolean = ({ status }) => status !== 'pending',
  { timeoutMs = 10_000, everyMs = 10 }: WaitOptions = {},
): Promise<EventDetail> {
  const log = application.get(EventQueries, { strict: false });
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const event = await log.find(id);
    if (event && condition(event)) return event;
    if (Date.now() > deadline) {
      const found = event ? JSON.stringify({ ...event, payload: undefined }) : 'it is not stored';
      throw new WaitTimeoutError(`Event ${id} was waited for ${timeoutMs} ms in vain: ${found}`);
    }
    await sleep(everyMs);
  }
}

/**
 * Waits until a listener has an outcome for an event (or the one asked for), and returns what is known of it.
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
  const reportIn = (event: EventDetail) => event.listeners.find(({ name }) => name === listener);
  const isSettled = (event: EventDetail) => {
    const found = reportIn(event)?.status ?? 'pending';
    return status === undefined ? found !== 'pending' : found === status;
  };
  const report = reportIn(await waitForEvent(application, id, isSettled, options));
  if (!report) throw new WaitTimeoutError(`Event ${id} was not handed to a listener named ${listener}`);
  return report;
}
