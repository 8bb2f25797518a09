import { causeOf, type FailureCatalogue } from '../failures/failure-catalogue.js';
import type { OwnNumberLabel, OwnNumberLabels } from './own-number-labels.js';
import { MAX_POINTS_IN_ALL, mergeSlices, type ReportCounts, type Slice } from './report-counts.js';
import { DIMENSIONS, type Counts, type Dimension } from './report-measures.js';
import { intervalStarts } from './interval-starts.js';
import { emptyValueOf, metricPoints } from './metric-points.js';
import {
  checkTimeSeries,
  GROUPINGS,
  groupingsOf,
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
  /** Two groupings are a list. */
  groupBy: Grouping | readonly Grouping[] | null;
  /** One series, or one for each value of `groupBy`, or pair of values, that is not always 0. */
  series: Series[];
}

/** The points of one value. */
export interface Series extends Partial<OwnNumberLabel> {
  /** Value of `groupBy`; `null` without grouping, and for own numbers, which have a label instead. */
  value: string | null;
  /** Value of each of two groupings, instead of `value`; that of an own number is its key, and it has a label too. */
  values?: Partial<Record<Grouping, string>>;
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
  const groupings = groupingsOf(groupBy);
  const starts = intervalStarts(period, interval, timezone);
  const points = await metricPoints(metric, {
    messages: async () => {
      const slices = await counts.messages(
        period,
        dimensionsOf(groupings),
        starts,
        CONVERSATIONS.has(metric),
      );
      checkPoints(slices.length);
      return groupings.includes('cause') ? withCauses(slices, groupings, catalogue) : slices;
    },
    requests: () => counts.requests(period, starts),
    optOuts: () => counts.optOuts(period, starts),
  });
  const empty = emptyValueOf(metric);
  const pointsOf = (known: ReadonlyMap<number, number | null> | undefined): SeriesPoint[] =>
    starts.map((ms, index) => ({ at: new Date(ms), value: known?.get(index) ?? empty }));
  const head = { ...period, metric, interval, timezone, groupBy: groupBy ?? null };
  if (groupings.length === 0) {
    return { ...head, series: [{ value: null, points: pointsOf(points.get('')) }] };
  }
  const groups = [...points].filter(([, known]) =>
    [...known.values()].some((one) => one !== 0 && one !== null),
  );
  checkPoints(groups.length * starts.length);
  const values = groups.map(([value]) => valuesOf(value, groupings));
  const hasLabels = groupings.includes('ownNumber');
  const labelled = await labels.of(
    hasLabels ? values.map(({ ownNumber = '' }) => ownNumber) : [],
    request.includeNumbers,
  );
  const series = groups.map(([value, known], index) => ({
    ...labelled[index],
    ...(groupings.length === 1
      ? { value: hasLabels ? null : value }
      : { value: null, values: values[index] }),
    points: pointsOf(known),
  }));
  return { ...head, series };
}

/** Metrics that depend on the other messages of a conversation. */
const CONVERSATIONS: ReadonlySet<Metric> = new Set(['conversations', 'replied', 'replyRate']);

/** The dimension that a grouping is counted by. */
function storedAs(grouping: Grouping): Exclude<Dimension, 'total'> {
  return grouping === 'cause' ? 'errorCode' : grouping;
}

/** The dimensions of up to two groupings, in the order of `DIMENSIONS`. */
function dimensionsOf(groupings: readonly Grouping[]): Dimension[] {
  const stored = groupings.map(storedAs);
  return stored.length === 0
    ? ['total']
    : DIMENSIONS.filter((dimension) => stored.some((one) => one === dimension));
}

/** Groupings in the order in which the values of a dimension contain them. */
function inStoredOrder(groupings: readonly Grouping[]): Grouping[] {
  return GROUPINGS.filter((grouping) => groupings.includes(grouping));
}

/** Splits the value of one or two groupings. Only that of the last one may contain a comma. */
function valuesOf(value: string, groupings: readonly Grouping[]): Partial<Record<Grouping, string>> {
  const [first, second] = inStoredOrder(groupings);
  if (first === undefined) return {};
  if (second === undefined) return { [first]: value };
  const comma = value.indexOf(',');
  return { [first]: value.slice(0, comma), [second]: value.slice(comma + 1) };
}

function checkPoints(inAll: number): void {
  if (inAll <= MAX_POINTS_IN_ALL) return;
  throw new InvalidReportError(
    'groupBy',
    `must be left out, the interval longer, or the period shorter: ${MAX_POINTS_IN_ALL} points in all at most`,
  );
}

/** Replaces error codes by their cause, or adds it, and sums up what is the same then. */
function withCauses(
  slices: readonly Slice<Counts>[],
  groupings: readonly Grouping[],
  catalogue: FailureCatalogue,
): Slice<Counts>[] {
  const stored = [...new Set(groupings.map(storedAs))];
  const merged = mergeSlices(slices, ({ value, index }) => {
    const known = valuesOf(value, stored);
    const all = { ...known, cause: causeOf(catalogue, known.errorCode ?? null).causeClass };
    return {
      value: inStoredOrder(groupings)
        .map((grouping) => all[grouping])
        .join(','),
      index,
    };
  });
  return merged.sort((a, b) => (a.value < b.value ? -1 : 1));
}
