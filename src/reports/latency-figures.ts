import type { OwnNumberLabel, OwnNumberLabels } from './own-number-labels.js';
import type { ReportCounts } from './report-counts.js';
import type { ResolvedPeriod } from './report-request.js';
import { percentilesOf, type Percentiles } from './duration-bins.js';
import { DURATIONS, type Duration } from './report-measures.js';

/** Percentiles of each duration, accurate to `relativeError`. */
export type LatencyFigures = Record<Duration, Percentiles>;

/** Percentiles of the durations that are known for one own number. */
export type NumberLatency = OwnNumberLabel & Omit<LatencyFigures, 'eventLag'>;

const NO_DURATIONS = percentilesOf(new Map());

export async function latencyFigures(period: ResolvedPeriod, counts: ReportCounts): Promise<LatencyFigures> {
  const figures = DURATIONS.map(async (duration) => {
    const all = await counts.durations(period, duration, 'total');
    return [duration, all.get('') ?? NO_DURATIONS] as const;
  });
  return Object.fromEntries(await Promise.all(figures)) as LatencyFigures;
}

export async function latencyByNumber(
  period: ResolvedPeriod,
  includeNumbers: boolean | undefined,
  counts: ReportCounts,
  labels: OwnNumberLabels,
): Promise<NumberLatency[]> {
  const [delivered, replied] = await Promise.all([
    counts.durations(period, 'timeToDelivered', 'ownNumber'),
    counts.durations(period, 'timeToFirstReply', 'ownNumber'),
  ]);
  const keys = [...new Set([...delivered.keys(), ...replied.keys()])].sort();
  const figures = keys.map((key) => {
    const timeToDelivered = delivered.get(key) ?? NO_DURATIONS;
    return [key, { timeToDelivered, timeToFirstReply: replied.get(key) ?? NO_DURATIONS }] as const;
  });
  return labels.addTo(new Map(figures), includeNumbers);
}
