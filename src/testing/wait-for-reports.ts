import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { Reports } from '../reports/reports.js';
import { type WaitOptions, WaitTimeoutError } from './wait-for-event.js';

/**
 * Waits until all events that were acknowledged before the call are in the figures of the reports. Counts of duplicate
 * and rejected requests are written every 5 seconds, and not waited for.
 *
 * @returns `asOf`, the time up to which the figures are complete.
 * @throws {WaitTimeoutError}
 */
export async function waitForReports(
  application: INestApplicationContext,
  { timeoutMs = 10_000, everyMs = 10 }: WaitOptions = {},
): Promise<Date> {
  const reports = application.get(Reports, { strict: false });
  const { now: calledAt } = await reports.freshness();
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { asOf } = await reports.freshness();
    if (asOf >= calledAt) return asOf;
    if (Date.now() > deadline) {
      throw new WaitTimeoutError(
        `The reports were not complete up to ${calledAt.toISOString()} within ${timeoutMs} ms; ` +
          `they are complete up to ${asOf.toISOString()}: is an event still pending?`,
      );
    }
    await sleep(everyMs);
  }
}
