import { causeOf, type FailureCatalogue } from '../failures/failure-catalogue.js';
import type { OwnNumberLabel, OwnNumberLabels } from './own-number-labels.js';
import {
  MAX_POINTS_IN_ALL,
  type Cut,
  type Piece,
  type ReportCounts,
  type RequestTotals,
} from './report-counts.js';
import { MEASURES, type Counts } from './rollups/report-deltas.js';
import { deliveryRateOf, outboundOf, rate, replyRateOf } from './report-figures.js';
import { startsOf } from './piece-starts.js';
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

/** One figure over time. */
export interface TimeSeries extends ResolvedPeriod {
  metric: Metric;
  interval: Interval;
  timezone: string;
  groupBy: Grouping | null;
  /** One, or one for each value of `groupBy`, without those that are nothing but 0. */
  series: Series[];
}

/** The points of one value. */
export interface Series extends Partial<OwnNumberLabel> {
  /** Of what is grouped by, except own numbers, which have a label; `null` when nothing is grouped. */
  value: string | null;
  /** One for each hour, day, … of the period; the first and the last may be cut by it. */
  points: SeriesPoint[];
}

/** One hour, day, week or month. */
export interface SeriesPoint {
  /** When it begins: the beginning of an hour, day, … in the time zone. */
  at: Date;
  /** A count, or a rate from 0 to 1, which is `null` of nothing. */
  value: number | null;
}

/** @throws {InvalidReportError} */
export async function timeSeries(
  request: TimeSeriesRequest,
  counts: ReportCounts,
  labels: OwnNumberLabels,
  catalogue: FailureCatalogue,
): Promise<TimeSeries> {
  checkTimeSeries(request);
  const period = resolvedPeriod(request);
  const { metric, interval = 'day', groupBy, timezone = 'UTC' } = request;
  const starts = startsOf(period, interval, timezone);
  const messages = async () => {
    const dimension = groupBy === 'cause' ? 'errorCode' : (groupBy ?? 'total');
    const pieces = await counts.messages(period, dimension, starts);
    checkPoints(pieces.length);
    return groupBy === 'cause' ? byCause(pieces, catalogue) : pieces;
  };
  const points = await pointsOf(metric, period, starts, counts, messages);
  const empty = ZERO_OF_NOTHING.has(metric) ? null : 0;
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
  const shown = await labels.of(
    groups.map(([value]) => value),
    request.includeNumbers,
  );
  return {
    ...head,
    series: groups.map(([, known], index) => ({ ...shown[index], ...seriesOf(null, known) })),
  };
}

function checkPoints(inAll: number): void {
  if (inAll <= MAX_POINTS_IN_ALL) return;
  throw new InvalidReportError(
    'groupBy',
    `must be left out, the interval longer, or the period shorter: ${MAX_POINTS_IN_ALL} points in all at most`,
  );
}

/** Of nothing, these are not 0. */
const ZERO_OF_NOTHING: ReadonlySet<Metric> = new Set(['deliveryRate', 'replyRate', 'optOutRate']);

type Points = Map<string, Map<number, number | null>>;

/** Value of what is grouped by → index of the piece of time → figure. */
async function pointsOf(
  metric: Metric,
  period: ResolvedPeriod,
  cut: Cut,
  counts: ReportCounts,
  messages: () => Promise<Piece<Counts>[]>,
): Promise<Points> {
  const requests = async (name: keyof RequestTotals) =>
    gathered(await counts.requests(period, cut), (sums) => sums[name]);
  switch (metric) {
    case 'eventsAccepted':
      return requests('accepted');
    case 'eventsDuplicate':
      return requests('duplicates');
    case 'eventsRejected':
      return requests('rejected');
    case 'eventsUnavailable':
      return requests('unavailable');
    case 'eventsQuarantined':
      return requests('quarantined');
    case 'optOuts':
      return gathered(await counts.optOuts(period, cut), ({ optOuts }) => optOuts);
    case 'optOutRate': {
      const [optOuts, all] = await Promise.all([counts.optOuts(period, cut), messages()]);
      const byIndex = new Map(optOuts.map(({ index, sums }) => [index, sums.optOuts]));
      return gathered(all, (sums, index) => rate(byIndex.get(index) ?? 0, outboundOf(sums)));
    }
    case 'outbound':
      return gathered(await messages(), outboundOf);
    case 'delivered':
      return gathered(await messages(), ({ delivered, read }) => delivered + read);
    case 'deliveryRate':
      return gathered(await messages(), deliveryRateOf);
    case 'replyRate':
      return gathered(await messages(), replyRateOf);
    case 'received':
    case 'queued':
    case 'sent':
    case 'undelivered':
    case 'failed':
    case 'expired':
    case 'segmentsReceived':
    case 'segmentsSent':
    case 'conversations':
    case 'replied':
      return gathered(await messages(), (sums: Counts) => sums[metric]);
  }
}

/** Adds up, by class of causes, what is counted by error code. */
function byCause(pieces: readonly Piece<Counts>[], catalogue: FailureCatalogue): Piece<Counts>[] {
  const sums = new Map<string, Piece<Counts>>();
  for (const { value: code, index, sums: counts } of pieces) {
    const value = causeOf(catalogue, code).causeClass;
    const known = sums.get(`${value} ${index}`)?.sums;
    const total = MEASURES.map((measure) => [measure, (known?.[measure] ?? 0) + counts[measure]]);
    sums.set(`${value} ${index}`, { value, index, sums: Object.fromEntries(total) as Counts });
  }
  return [...sums.values()].sort((a, b) => (a.value < b.value ? -1 : 1));
}

function gathered<Sums>(
  pieces: readonly Piece<Sums>[],
  figure: (sums: Sums, index: number) => number | null,
): Points {
  const points: Points = new Map();
  for (const { value, index, sums } of pieces) {
    const known = points.get(value) ?? new Map<number, number | null>();
    points.set(value, known.set(index, figure(sums, index)));
  }
  return points;
}
