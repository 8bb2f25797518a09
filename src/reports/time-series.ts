import { causeOf, type FailureCatalogue } from '../failures/failure-catalogue.js';
import type { OwnNumberLabel, OwnNumberLabels } from './own-number-labels.js';
import { MAX_POINTS_IN_ALL, mergeSlices, type ReportCounts, type Slice } from './report-counts.js';
import type { Counts } from './rollups/report-deltas.js';
import { intervalStarts } from './interval-starts.js';
import { emptyValueOf, metricPoints } from './metric-points.js';
import {
  checkTimeSeries,
  InvalidReportError,
  resolvedPeriod,
  type Grouping,
  type Interval,
  type Metric,
  type ResolvedPeriod,
  type TimeSeriesRequest,
} from './report-request.js';

/** One metric over time. */
export interface TimeSeries extends ResolvedPeriod {
  metric: Metric;
  interval: Interval;
  timezone: string;
  groupBy: Grouping | null;
  /** One series, or one for each value of `groupBy` that is not always 0. */
  series: Series[];
}

/** The points of one value. */
export interface Series extends Partial<OwnNumberLabel> {
  /** Value of `groupBy`; `null` without grouping, and for own numbers, which have a label instead. */
  value: string | null;
  /** One for each hour, day, … of the period; the first and the last may be incomplete. */
  points: SeriesPoint[];
}

/** The value of one hour, day, week or month. */
export interface SeriesPoint {
  /** Start of the hour, day, … in the time zone. */
  at: Date;
  /** A count, or a rate from 0 to 1; `null` for a rate without a base. */
  value: number | null;
}

/** Reads one metric over time. @throws {InvalidReportError} */
export async function timeSeries(
  request: TimeSeriesRequest,
  counts: ReportCounts,
  labels: OwnNumberLabels,
  catalogue: FailureCatalogue,
): Promise<TimeSeries> {
  checkTimeSeries(request);
  const period = resolvedPeriod(request);
  const { metric, interval = 'day', groupBy, timezone = 'UTC' } = request;
  const starts = intervalStarts(period, interval, timezone);
  const messages = async () => {
    const dimension = groupBy === 'cause' ? 'errorCode' : (groupBy ?? 'total');
    const slices = await counts.messages(period, dimension, starts);
    checkPoints(slices.length);
    return groupBy === 'cause' ? byCause(slices, catalogue) : slices;
  };
  const points = await metricPoints(metric, {
    messages,
    requests: () => counts.requests(period, starts),
    optOuts: () => counts.optOuts(period, starts),
  });
  const empty = emptyValueOf(metric);
  const seriesOf = (value: string | null, known: ReadonlyMap<number, number | null> | undefined): Series => ({
    value,
    points: starts.map((ms, index) => ({ at: new Date(ms), value: known?.get(index) ?? empty })),
  });
  const head = { ...period, metric, interval, timezone, groupBy: groupBy ?? null };
  if (groupBy === undefined) return { ...head, series: [seriesOf(null, points.get(''))] };
  const groups = [...points].filter(([, known]) =>
    [...known.values()].some((one) => one !== 0 && one !== null),
  );
  checkPoints(groups.length * starts.length);
  if (groupBy !== 'ownNumber')
    return { ...head, series: groups.map(([value, known]) => seriesOf(value, known)) };
  const byNumber = new Map(groups.map(([key, known]) => [key, seriesOf(null, known)]));
  return { ...head, series: await labels.addTo(byNumber, request.includeNumbers) };
}

function checkPoints(inAll: number): void {
  if (inAll <= MAX_POINTS_IN_ALL) return;
  throw new InvalidReportError(
    'groupBy',
    `must be left out, the interval longer, or the period shorter: ${MAX_POINTS_IN_ALL} points in all at most`,
  );
}

/** Sums up the counts of error codes by cause class. */
function byCause(slices: readonly Slice<Counts>[], catalogue: FailureCatalogue): Slice<Counts>[] {
  const causes = mergeSlices(slices, ({ value, index }) => ({
    value: causeOf(catalogue, value).causeClass,
    index,
  }));
  return causes.sort((a, b) => (a.value < b.value ? -1 : 1));
}
