// nestjs-postack/reports: metrics, exports and rebuilds. Pinned by test/public-surface.test.ts; changes belong in CHANGELOG.md.

import '../errors/node-version.js';
export type { Percentiles } from './duration-bins.js';
export type { OwnNumberLabel } from './own-number-labels.js';
export type { RequestTotals } from './report-counts.js';
export type { Duration } from './report-measures.js';
export { ReportExport, type ExportFormat, type ExportRequest } from './report-export.js';
export type { AnswerFigures, Answers, AnswersRequest } from './answers.js';
export type { Compared, CompareOption, Comparison } from './compared.js';
export type { Freshness } from './freshness.js';
export type { HeatMap, HeatMapHour, HeatMapRequest } from './heat-map.js';
export type { ErrorFigures } from './error-figures.js';
export type { LatencyFigures } from './latency-figures.js';
export type { MessageCost, MessageFigures, StateCounts } from './report-figures.js';
export type { ReportSettings, SegmentPrices } from './reports.options.js';
export { ReportRebuild, type RebuildProgress } from './report-rebuild.js';
export {
  InvalidReportError,
  type Grouping,
  type Interval,
  type Metric,
  type NumbersOption,
  type ReportPeriod,
  type ResolvedPeriod,
  type TimeSeriesRequest,
} from './report-request.js';
export {
  type ErrorReport,
  type LatencyReport,
  type LatencyRequest,
  type NumbersReport,
  type NumbersRequest,
  Reports,
  type ReportSummary,
} from './reports.js';
export type { Series, SeriesPoint, TimeSeries } from './time-series.js';
