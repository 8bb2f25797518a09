import type { INestApplicationContext } from '@nestjs/common';
import { Reports } from '../reports/reports.js';
import { poll, type WaitOptions } from './poll.js';

/**
 * Waits until all events that were acknowledged before the call are in the figures of the reports. Counts of duplicate
 * and rejected requests are written every 5 seconds, and not waited for.
 *
 * @returns `asOf`, the time up to which the figures are complete.
 * @throws {WaitTimeoutError}
 */
export async function waitForReports(
  application: INestApplicationContext,
  options?: WaitOptions,
): Promise<Date> {
  const reports = application.get(Reports, { strict: false });
  const { now: calledAt } = await reports.freshness();
  return poll<Date>(async (timeoutMs) => {
    const { asOf } = await reports.freshness();
    if (asOf >= calledAt) return { found: asOf };
    return {
      timedOut: () =>
        `The reports were not complete up to ${calledAt.toISOString()} within ${timeoutMs} ms; ` +
        `they are complete up to ${asOf.toISOString()}: is an event still pending?`,
    };
  }, options);
}
