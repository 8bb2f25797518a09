import { DateTime } from 'luxon';
import { intervalStarts } from './interval-starts.js';
import { emptyValueOf, metricPoints } from './metric-points.js';
import { mergeSlices, type ReportCounts, type Slice } from './report-counts.js';
import {
  checkMetric,
  checkTimezone,
  resolvedPeriod,
  type Metric,
  type ReportPeriod,
  type ResolvedPeriod,
} from './report-request.js';

const [DAYS, HOURS] = [7, 24];

/** Selects a heat map. */
export interface HeatMapRequest extends ReportPeriod {
  metric: Metric;
  /** IANA time zone of the hours. Default `UTC`. */
  timezone?: string;
}

/** One metric by hour of the week. */
export interface HeatMap extends ResolvedPeriod {
  metric: Metric;
  timezone: string;
  /** All 168 hours, from Monday 0:00. */
  hours: HeatMapHour[];
}

/** One hour of the week: all such hours of the period together. */
export interface HeatMapHour {
  /** 1 (Monday) to 7 (Sunday). */
  weekday: number;
  /** 0 to 23, in the time zone. */
  hour: number;
  /** A count, or a rate from 0 to 1; `null` for a rate without a base. */
  value: number | null;
}

/** Reads one metric by hour of the week. @throws {InvalidReportError} */
export async function heatMap(request: HeatMapRequest, counts: ReportCounts): Promise<HeatMap> {
  const { metric, timezone = 'UTC' } = request;
  checkMetric(metric);
  checkTimezone(timezone);
  const period = resolvedPeriod(request);
  const starts = intervalStarts(period, 'hour', timezone, 'from');
  const cells = starts.map((ms) => cellAt(ms, timezone));
  const byCell = <Name extends string>(slices: readonly Slice<Record<Name, number>>[]) =>
    mergeSlices(slices, ({ value, index }) => ({ value, index: cells[index] ?? index }));
  const points = await metricPoints(metric, {
    messages: async () => byCell(await counts.messages(period, 'total', starts)),
    requests: async () => byCell(await counts.requests(period, starts)),
    optOuts: async () => byCell(await counts.optOuts(period, starts)),
  });
  const values = points.get('');
  const hours = Array.from({ length: DAYS * HOURS }, (_hour, cell) => ({
    weekday: 1 + Math.floor(cell / HOURS),
    hour: cell % HOURS,
    value: values?.get(cell) ?? emptyValueOf(metric),
  }));
  return { ...period, metric, timezone, hours };
}

function cellAt(ms: number, zone: string): number {
  const { weekday, hour } = DateTime.fromMillis(ms, { zone });
  return (weekday - 1) * HOURS + hour;
}
