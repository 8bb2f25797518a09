import { Injectable } from '@nestjs/common';
import { PostackDatabase } from '../database/postack-database.js';
import type { FailureCatalogue } from '../failures/failure-catalogue.js';
import { FailuresOptions } from '../failures/failures.options.js';
import { answers, type Answers, type AnswersRequest } from './answers.js';
import { compared, type Compared, type CompareOption } from './compared.js';
import { freshness, type Freshness } from './freshness.js';
import { heatMap, type HeatMap, type HeatMapRequest } from './heat-map.js';
import { errorFiguresOf, type ErrorFigures } from './error-figures.js';
import {
  latencyByNumber,
  latencyFigures,
  type LatencyFigures,
  type NumberLatency,
} from './latency-figures.js';
import { OwnNumberLabels, type OwnNumberLabel } from './own-number-labels.js';
import { ReportCounts, type RequestTotals } from './report-counts.js';
import { messageFiguresOf, outboundOf, rate, type MessageFigures } from './report-figures.js';
import {
  InvalidReportError,
  resolvedPeriod,
  type Metric,
  type NumbersOption,
  type ReportPeriod,
  type ResolvedPeriod,
  type TimeSeriesRequest,
} from './report-request.js';
import { RELATIVE_ERROR, type Percentiles } from './duration-bins.js';
import { MEASURES, type Counts } from './report-measures.js';
import { ReportsOptions } from './reports.options.js';
import { timeSeries, type TimeSeries } from './time-series.js';

/** `GET /api/v1/reports/summary` */
export interface ReportSummary extends ResolvedPeriod {
  messages: MessageFigures;
  /** Customers who opted out, each counted once. */
  optOuts: number;
  /** Opt-outs per outbound message; `null` without outbound messages. */
  optOutRate: number | null;
  timeToDelivered: Percentiles;
  timeToFirstReply: Percentiles;
  events: RequestTotals & { lag: Percentiles };
}

/** `GET /api/v1/reports/errors` */
export interface ErrorReport extends ResolvedPeriod {
  items: ErrorFigures[];
}

/** Selects latencies; `groupBy` adds those of each own number. */
export interface LatencyRequest extends NumbersRequest {
  groupBy?: 'ownNumber';
}

/** `GET /api/v1/reports/latency` */
export interface LatencyReport extends ResolvedPeriod, LatencyFigures {
  relativeError: number;
  numbers?: NumberLatency[];
}

/** Selects the figures of own numbers. */
export interface NumbersRequest extends ReportPeriod, NumbersOption {}

/** `GET /api/v1/reports/numbers` */
export interface NumbersReport extends ResolvedPeriod {
  items: (OwnNumberLabel & MessageFigures)[];
}

/** Metrics of messages and events in steps of 15 minutes (durations: 1 hour), without message texts. */
@Injectable()
export class Reports {
  readonly #counts: ReportCounts;
  readonly #labels: OwnNumberLabels;
  readonly #catalogue: FailureCatalogue;
  /** Of the cost; `null` without prices. */
  readonly #currency: string | null;

  constructor(
    private readonly database: PostackDatabase,
    { catalogue }: FailuresOptions,
    { prices }: ReportsOptions,
  ) {
    this.#currency = prices?.currency ?? null;
    this.#catalogue = catalogue;
    this.#counts = new ReportCounts(database, prices?.perSegment ?? null);
    this.#labels = new OwnNumberLabels(database);
  }

  /** Up to when the figures are complete. */
  freshness(): Promise<Freshness> {
    return freshness(this.database);
  }

  /** The main metrics of a period. @throws {InvalidReportError} */
  summary(request: ReportPeriod & CompareOption = {}): Promise<Compared<ReportSummary>> {
    return compared(request, (one) => this.#summary(resolvedPeriod(one)), this.database);
  }

  async #summary(period: ResolvedPeriod): Promise<ReportSummary> {
    const [messages, [optOuts], [requests], durations] = await Promise.all([
      this.#totals(period),
      this.#counts.optOuts(period),
      this.#counts.requests(period),
      latencyFigures(period, this.#counts),
    ]);
    const { eventLag: lag, ...latencies } = durations;
    const optedOut = optOuts?.sums.optOuts ?? 0;
    const none = { accepted: 0, duplicates: 0, rejected: 0, unavailable: 0, quarantined: 0 };
    return {
      ...period,
      messages: messageFiguresOf(messages, this.#currency),
      optOuts: optedOut,
      optOutRate: rate(optedOut, outboundOf(messages)),
      ...latencies,
      events: { ...(requests?.sums ?? none), lag },
    };
  }

  /** One metric over time. @throws {InvalidReportError} */
  async timeseries(request: TimeSeriesRequest & CompareOption): Promise<Compared<TimeSeries>> {
    const seriesOf = (one: TimeSeriesRequest) => timeSeries(one, this.#counts, this.#labels, this.#catalogue);
    this.#checkPrices(request.metric);
    return compared(request, seriesOf, this.database, request.timezone);
  }

  /** One metric by hour of the week. @throws {InvalidReportError} */
  async heatmap(request: HeatMapRequest & CompareOption): Promise<Compared<HeatMap>> {
    this.#checkPrices(request.metric);
    return compared(request, (one) => heatMap(one, this.#counts), this.database, request.timezone);
  }

  #checkPrices(metric: Metric): void {
    if ((metric === 'cost' || metric === 'unpricedSegments') && this.#currency === null) {
      throw new InvalidReportError('metric', `must be another: ${metric} needs the option "reports.prices"`);
    }
  }

  /** Failures by error code, most frequent first. @throws {InvalidReportError} */
  errors(request: ReportPeriod & CompareOption = {}): Promise<Compared<ErrorReport>> {
    return compared(request, (one) => this.#errors(resolvedPeriod(one)), this.database);
  }

  async #errors(period: ResolvedPeriod): Promise<ErrorReport> {
    const [total, failures, rejections] = await Promise.all([
      this.#totals(period),
      this.#counts.messages(period, 'errorCode'),
      this.#counts.rejections(period),
    ]);
    return { ...period, items: errorFiguresOf(total, failures, rejections, this.#catalogue) };
  }

  /** Durations; by own number too, if requested. @throws {InvalidReportError} */
  async latency(request: LatencyRequest & CompareOption = {}): Promise<Compared<LatencyReport>> {
    checkOwnNumberGrouping(request.groupBy);
    return compared(request, (one) => this.#latency(one), this.database);
  }

  async #latency(request: LatencyRequest): Promise<LatencyReport> {
    const period = resolvedPeriod(request);
    const latencies = await latencyFigures(period, this.#counts);
    const figures = { ...period, relativeError: RELATIVE_ERROR, ...latencies };
    if (request.groupBy === undefined) return figures;
    const numbers = await latencyByNumber(period, request.includeNumbers, this.#counts, this.#labels);
    return { ...figures, numbers };
  }

  /** How many inbound messages got a reply in time; by own number too, if requested. @throws {InvalidReportError} */
  async answers(request: AnswersRequest & CompareOption): Promise<Compared<Answers>> {
    checkOwnNumberGrouping(request.groupBy);
    return compared(request, (one) => answers(one, this.#counts, this.#labels), this.database);
  }

  /** Messages by own number, most active first. @throws {InvalidReportError} */
  numbers(request: NumbersRequest & CompareOption = {}): Promise<Compared<NumbersReport>> {
    return compared(request, (one) => this.#numbers(one), this.database);
  }

  async #numbers(request: NumbersRequest): Promise<NumbersReport> {
    const period = resolvedPeriod(request);
    const slices = await this.#counts.messages(period, 'ownNumber');
    const figures = new Map(slices.map(({ value, sums }) => [value, messageFiguresOf(sums, this.#currency)]));
    const items = await this.#labels.addTo(figures, request.includeNumbers);
    const messages = (item: MessageFigures) => item.received + item.outbound;
    return {
      ...period,
      items: items.filter((item) => messages(item) > 0).sort((a, b) => messages(b) - messages(a)),
    };
  }

  async #totals(period: ResolvedPeriod): Promise<Counts> {
    const [total] = await this.#counts.messages(period, 'total');
    return total?.sums ?? (Object.fromEntries(MEASURES.map((measure) => [measure, 0])) as Counts);
  }
}

function checkOwnNumberGrouping(groupBy: string | undefined): void {
  if (groupBy === undefined || groupBy === 'ownNumber') return;
  throw new InvalidReportError('groupBy', 'must be ownNumber');
}
