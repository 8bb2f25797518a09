import { DateTime } from 'luxon';
import type { PostackDatabase } from '../database/postack-database.js';
import { freshness } from './freshness.js';
import { InvalidReportError, type ReportPeriod, type ResolvedPeriod } from './report-request.js';

/** What a report is compared with. */
export const COMPARISONS = ['previous'] as const;

/** One of `COMPARISONS`. */
export type Comparison = (typeof COMPARISONS)[number];

/** Asks for a comparison. */
export interface CompareOption {
  /** Adds the same report of the period before. Default: no comparison. */
  compare?: Comparison;
}

/** A report, and the same report of the period before, if requested. */
export type Compared<Report> = Report & {
  previous?: Report;
  /** Every event that was acknowledged before this time is in the figures, by PostgreSQL's clock. */
  asOf: Date;
};

/**
 * Reads a report, and that of the period before, if requested.
 *
 * @param timezone Of months and days. Default `UTC`.
 * @throws {InvalidReportError}
 */
export async function compared<Request extends ReportPeriod & CompareOption, Report extends ResolvedPeriod>(
  request: Request,
  reportOf: (request: Request) => Promise<Report>,
  database: PostackDatabase,
  timezone = 'UTC',
): Promise<Compared<Report>> {
  const { compare } = request;
  if (compare !== undefined && !COMPARISONS.includes(compare)) {
    throw new InvalidReportError('compare', `must be ${COMPARISONS.join(', ')}`);
  }
  // Before the figures: these may be more complete, never less.
  const { asOf } = await freshness(database);
  const report = await reportOf(request);
  if (compare === undefined) return { ...report, asOf };
  const previous = await reportOf({ ...request, ...previousPeriod(report, timezone) });
  return { ...report, asOf, previous };
}

/**
 * The period that ends where this one starts and is as long: as many months if these are whole months, else as many days,
 * in the time zone. So months and days are compared with whole ones, over changes of the clocks.
 *
 * @throws {InvalidReportError} if it would start before 1970.
 */
export function previousPeriod({ from, to }: ResolvedPeriod, zone: string): ResolvedPeriod {
  const [start, end] = [from, to].map((at) => DateTime.fromJSDate(at, { zone })) as [DateTime, DateTime];
  const { months } = end.diff(start, 'months');
  const length = Number.isInteger(months) ? { months } : end.diff(start, ['days', 'milliseconds']).toObject();
  const before = start.minus(length).toJSDate();
  if (before.getTime() < 0)
    throw new InvalidReportError('compare', 'must be left out: the period before starts before 1970');
  return { from: before, to: from };
}
