import type { INestApplicationContext } from '@nestjs/common';
import { ReportJob } from '../reports/report-job.js';
import { Reports } from '../reports/reports.js';
import { poll, type WaitOptions } from './poll.js';

/**
 * Computes the figures of the reports, and waits until all events that were acknowledged before the call are in them. Counts of duplicate
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
  const job = application.get(ReportJob, { strict: false });
  return poll<Date>(async (timeoutMs) => {
    await job.pass();
    const { asOf } = await reports.freshness();
    if (asOf >= calledAt) return { found: asOf };
    return {
      timedOut: () =>
        `The reports were not complete up to ${calledAt.toISOString()} within ${timeoutMs} ms; ` +
        `they are complete up to ${asOf.toISOString()}: is an event still pending?`,
    };
  }, options);
}
