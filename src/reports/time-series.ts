import { DateTime } from 'luxon';
import { causeOf, type FailureCatalogue } from '../failures/failure-catalogue.js';
import type { OwnNumberLabel, OwnNumberLabels } from './own-number-labels.js';
import type { Cut, Piece, ReportCounts, RequestTotals } from './report-counts.js';
import { MEASURES, type Counts } from './report-deltas.js';
import { deliveryRateOf, outboundOf, rate, replyRateOf } from './report-figures.js';
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

/** More would be a file, not a chart. */
const MAX_POINTS = 10_000;

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
  const cut = { interval, timezone };
  const messages = async () =>
    groupBy === 'cause'
      ? byCause(await counts.messages(period, 'errorCode', cut), catalogue)
      : counts.messages(period, groupBy ?? 'total', cut);
  const points = await pointsOf(metric, period, cut, counts, messages);
  const empty = ZERO_OF_NOTHING.has(metric) ? null : 0;
  const seriesOf = (value: string | null, known: ReadonlyMap<number, number | null> | undefined): Series => ({
    value,
    points: starts.map((ms) => ({ at: new Date(ms), value: known?.get(ms) ?? empty })),
  });
  const head = { ...period, metric, interval, timezone, groupBy: groupBy ?? null };
  if (groupBy === undefined) return { ...head, series: [seriesOf(null, points.get(''))] };
  const groups = [...points].filter(([, known]) =>
    [...known.values()].some((one) => one !== 0 && one !== null),
  );
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

/** Of nothing, these are not 0. */
const ZERO_OF_NOTHING: ReadonlySet<Metric> = new Set(['deliveryRate', 'replyRate', 'optOutRate']);

/** Beginnings of the hours, days, … of a period, in milliseconds since 1970. @throws {InvalidReportError} */
function startsOf({ from, to }: ResolvedPeriod, interval: Interval, timezone: string): number[] {
  const starts: number[] = [];
  const first = DateTime.fromJSDate(from, { zone: timezone }).startOf(interval);
  // Counted from the first one: a day's length, and the hour it begins at, may change on the way.
  for (let count = 0; ; count += 1) {
    const ms = first
      .plus({ [interval]: count })
      .startOf(interval)
      .toMillis();
    if (ms >= to.getTime()) return starts;
    if (starts.length === MAX_POINTS) {
      throw new InvalidReportError(
        'interval',
        `must be longer, or the period shorter: ${MAX_POINTS} points at most`,
      );
    }
    starts.push(ms);
  }
}

type Points = Map<string, Map<number, number | null>>;

/** Value of what is grouped by → beginning → figure. */
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
      const byStart = new Map(optOuts.map(({ startMs, sums }) => [startMs, sums.optOuts]));
      return gathered(all, (sums, startMs) => rate(byStart.get(startMs) ?? 0, outboundOf(sums)));
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
  for (const { value: code, startMs, sums: counts } of pieces) {
    const value = causeOf(catalogue, code).causeClass;
    const known = sums.get(`${value} ${startMs}`)?.sums;
    const total = MEASURES.map((measure) => [measure, (known?.[measure] ?? 0) + counts[measure]]);
    sums.set(`${value} ${startMs}`, { value, startMs, sums: Object.fromEntries(total) as Counts });
  }
  return [...sums.values()].sort((a, b) => (a.value < b.value ? -1 : 1));
}

function gathered<Sums>(
  pieces: readonly Piece<Sums>[],
  figure: (sums: Sums, startMs: number) => number | null,
): Points {
  const points: Points = new Map();
  for (const { value, startMs, sums } of pieces) {
    const known = points.get(value) ?? new Map<number, number | null>();
    points.set(value, known.set(startMs, figure(sums, startMs)));
  }
  return points;
}
