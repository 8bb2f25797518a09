import type { RequestTotals, Slice } from './report-counts.js';
import { deliveryRateOf, outboundOf, rate, replyRateOf } from './report-figures.js';
import type { Metric } from './report-request.js';
import type { Counts } from './report-measures.js';

/** Reads the counts that metrics are computed from, in slices of time. */
export interface MetricCounts {
  messages: () => Promise<readonly Slice<Counts>[]>;
  requests: () => Promise<readonly Slice<RequestTotals>[]>;
  optOuts: () => Promise<readonly Slice<{ optOuts: number }>[]>;
}

/** Value of the dimension → index of the slice → value of the metric. */
export type MetricPoints = Map<string, Map<number, number | null>>;

/** Metrics that are `null` instead of 0 without data. */
const RATES: ReadonlySet<Metric> = new Set(['deliveryRate', 'replyRate', 'optOutRate']);

/** The value of a metric in a slice without data. */
export function emptyValueOf(metric: Metric): 0 | null {
  return RATES.has(metric) ? null : 0;
}

/** Computes a metric for each slice. */
export async function metricPoints(metric: Metric, counts: MetricCounts): Promise<MetricPoints> {
  const requests = async (name: keyof RequestTotals) =>
    pointsBy(await counts.requests(), (sums) => sums[name]);
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
      return pointsBy(await counts.optOuts(), ({ optOuts }) => optOuts);
    case 'optOutRate': {
      const [optOuts, all] = await Promise.all([counts.optOuts(), counts.messages()]);
      const byIndex = new Map(optOuts.map(({ index, sums }) => [index, sums.optOuts]));
      return pointsBy(all, (sums, index) => rate(byIndex.get(index) ?? 0, outboundOf(sums)));
    }
    case 'outbound':
      return pointsBy(await counts.messages(), outboundOf);
    case 'delivered':
      return pointsBy(await counts.messages(), ({ delivered, read }) => delivered + read);
    case 'deliveryRate':
      return pointsBy(await counts.messages(), deliveryRateOf);
    case 'replyRate':
      return pointsBy(await counts.messages(), replyRateOf);
    case 'received':
    case 'queued':
    case 'sent':
    case 'undelivered':
    case 'failed':
    case 'expired':
    case 'segmentsReceived':
    case 'segmentsSent':
    case 'conversations':
    case 'cost':
    case 'unpricedSegments':
    case 'replied':
      return pointsBy(await counts.messages(), (sums: Counts) => sums[metric]);
  }
}

function pointsBy<Sums>(
  slices: readonly Slice<Sums>[],
  valueOf: (sums: Sums, index: number) => number | null,
): MetricPoints {
  const points: MetricPoints = new Map();
  for (const { value, index, sums } of slices) {
    const known = points.get(value) ?? new Map<number, number | null>();
    points.set(value, known.set(index, valueOf(sums, index)));
  }
  return points;
}
