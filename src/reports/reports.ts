import { Injectable } from '@nestjs/common';
import { causeOf, type FailureCatalogue } from '../failures/failure-catalogue.js';
import { PostackDatabase } from '../database/postack-database.js';
import type { PostackCauseClass } from '../postack-api/postack-api-error-catalogue.js';
import { percentilesOf, RELATIVE_ERROR, type Percentiles } from './rollups/duration-bins.js';
import { UNKNOWN } from './rollups/number-facts.js';
import { OwnNumberLabels, type OwnNumberLabel } from './own-number-labels.js';
import { DURATIONS, MEASURES, type Counts, type Duration } from './rollups/report-deltas.js';
import { ReportCounts, type RequestTotals } from './report-counts.js';
import {
  deliveryRateOf,
  outboundOf,
  rate,
  replyRateOf,
  statesOf,
  type StateCounts,
} from './report-figures.js';
import {
  InvalidReportError,
  resolvedPeriod,
  type NumbersOption,
  type ReportPeriod,
  type ResolvedPeriod,
  type TimeSeriesRequest,
} from './report-request.js';
import { timeSeries, type TimeSeries } from './time-series.js';
import { FailuresOptions } from '../failures/failures.options.js';

/** The messages of a period. */
export interface MessageFigures {
  received: number;
  outbound: number;
  /** Of the outbound ones. */
  states: StateCounts;
  /** From 0 to 1; `null` while nothing has ended. */
  deliveryRate: number | null;
  segmentsReceived: number;
  segmentsSent: number;
  /** Opened in the period: nobody had written for 24 hours. */
  conversations: number;
  /** Inbound messages that were replied to within 24 hours. */
  replied: number;
  replyRate: number | null;
}

/** `GET /api/v1/reports/summary` */
export interface ReportSummary extends ResolvedPeriod {
  messages: MessageFigures;
  /** Customers who have opted out: whoever does so again within the period counts once. */
  optOuts: number;
  /** Opt-outs for each outbound message. */
  optOutRate: number | null;
  timeToDelivered: Percentiles;
  timeToFirstReply: Percentiles;
  events: RequestTotals & { lag: Percentiles };
}

/** Messages that failed for one reason. */
export interface ErrorFigures {
  cause: PostackCauseClass;
  /** Postack's or the carrier's; `unknown` when none was told. */
  errorCode: string;
  /** What the code means. */
  meaning: string;
  failed: number;
  undelivered: number;
  /** Messages that Postack did not take: they count in no other report. */
  rejected: number;
  /** Of all outbound messages, those that were rejected included. */
  share: number | null;
}

/** How long things took, right to `relativeError`. */
export type LatencyFigures = Record<Duration, Percentiles>;

/** Figures of messages and events, by quarters of an hour (of durations, by hours). Without numbers and texts. */
@Injectable()
export class Reports {
  readonly #counts: ReportCounts;
  readonly #labels: OwnNumberLabels;
  readonly #catalogue: FailureCatalogue;

  constructor(database: PostackDatabase, { catalogue }: FailuresOptions) {
    this.#catalogue = catalogue;
    this.#counts = new ReportCounts(database);
    this.#labels = new OwnNumberLabels(database);
  }

  /** All figures in short. @throws {InvalidReportError} */
  async summary(request: ReportPeriod = {}): Promise<ReportSummary> {
    const period = resolvedPeriod(request);
    const [messages, [optOuts], [requests], durations] = await Promise.all([
      this.#totals(period),
      this.#counts.optOuts(period),
      this.#counts.requests(period),
      this.#durations(period),
    ]);
    const { eventLag: lag, ...latencies } = durations;
    const optedOut = optOuts?.sums.optOuts ?? 0;
    const none = { accepted: 0, duplicates: 0, rejected: 0, unavailable: 0, quarantined: 0 };
    return {
      ...period,
      messages: figuresOf(messages),
      optOuts: optedOut,
      optOutRate: rate(optedOut, outboundOf(messages)),
      ...latencies,
      events: { ...(requests?.sums ?? none), lag },
    };
  }

  /** One figure over time. @throws {InvalidReportError} */
  timeseries(request: TimeSeriesRequest): Promise<TimeSeries> {
    return timeSeries(request, this.#counts, this.#labels, this.#catalogue);
  }

  /** Why messages failed, most frequent first. @throws {InvalidReportError} */
  async errors(request: ReportPeriod = {}): Promise<ResolvedPeriod & { items: ErrorFigures[] }> {
    const period = resolvedPeriod(request);
    const [total, codes, rejections] = await Promise.all([
      this.#totals(period),
      this.#counts.messages(period, 'errorCode'),
      this.#counts.rejections(period),
    ]);
    const sent = new Map(codes.map(({ value, sums }) => [value, sums]));
    const rejected = new Map(rejections.map(({ value, sums }) => [value, sums.rejected]));
    const all = outboundOf(total) + rejections.reduce((sum, { sums }) => sum + sums.rejected, 0);
    const items = [...new Set([...sent.keys(), ...rejected.keys()])].map((errorCode) => {
      const code = errorCode === UNKNOWN ? null : errorCode;
      const { causeClass: cause, meaning } = causeOf(this.#catalogue, code);
      const { failed = 0, undelivered = 0 } = sent.get(errorCode) ?? {};
      const counts = { failed, undelivered, rejected: rejected.get(errorCode) ?? 0 };
      return { cause, errorCode, meaning, ...counts, share: rate(failuresOf(counts), all) };
    });
    return {
      ...period,
      items: items.filter((item) => failuresOf(item) > 0).sort((a, b) => failuresOf(b) - failuresOf(a)),
    };
  }

  /** How long things took; by own number, if asked for. @throws {InvalidReportError} */
  async latency(request: ReportPeriod & NumbersOption & { groupBy?: 'ownNumber' } = {}): Promise<
    ResolvedPeriod & { relativeError: number } & LatencyFigures & {
        numbers?: (OwnNumberLabel & Omit<LatencyFigures, 'eventLag'>)[];
      }
  > {
    if (request.groupBy !== undefined && (request.groupBy as string) !== 'ownNumber') {
      throw new InvalidReportError('groupBy', 'must be ownNumber');
    }
    const period = resolvedPeriod(request);
    const figures = { ...period, relativeError: RELATIVE_ERROR, ...(await this.#durations(period)) };
    if (request.groupBy === undefined) return figures;
    const [delivered, replied] = await Promise.all([
      this.#counts.durations(period, 'timeToDelivered', 'ownNumber'),
      this.#counts.durations(period, 'timeToFirstReply', 'ownNumber'),
    ]);
    const keys = [...new Set([...delivered.keys(), ...replied.keys()])].sort();
    const labels = await this.#labels.of(keys, request.includeNumbers);
    const numbers = labels.map((label) => ({
      ...label,
      timeToDelivered: delivered.get(label.ownNumber) ?? NOTHING,
      timeToFirstReply: replied.get(label.ownNumber) ?? NOTHING,
    }));
    return { ...figures, numbers };
  }

  /** Each own number's messages, most first. @throws {InvalidReportError} */
  async numbers(
    request: ReportPeriod & NumbersOption = {},
  ): Promise<ResolvedPeriod & { items: (OwnNumberLabel & MessageFigures)[] }> {
    const period = resolvedPeriod(request);
    const pieces = await this.#counts.messages(period, 'ownNumber');
    const labels = await this.#labels.of(
      pieces.map(({ value }) => value),
      request.includeNumbers,
    );
    const items = pieces.flatMap(({ sums }, index) => {
      const label = labels[index];
      return label ? [{ ...label, ...figuresOf(sums) }] : [];
    });
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

  async #durations(period: ResolvedPeriod): Promise<LatencyFigures> {
    const figures = DURATIONS.map(async (duration) => {
      const all = await this.#counts.durations(period, duration, 'total');
      return [duration, all.get('') ?? NOTHING] as const;
    });
    return Object.fromEntries(await Promise.all(figures)) as LatencyFigures;
  }
}

const NOTHING = percentilesOf(new Map());

function failuresOf({
  failed,
  undelivered,
  rejected,
}: Pick<ErrorFigures, 'failed' | 'undelivered' | 'rejected'>): number {
  return failed + undelivered + rejected;
}

function figuresOf(counts: Counts): MessageFigures {
  const { received, segmentsReceived, segmentsSent, conversations, replied } = counts;
  return {
    received,
    outbound: outboundOf(counts),
    states: statesOf(counts),
    deliveryRate: deliveryRateOf(counts),
    segmentsReceived,
    segmentsSent,
    conversations,
    replied,
    replyRate: replyRateOf(counts),
  };
}
