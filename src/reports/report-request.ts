import { IANAZone } from 'luxon';
import { InvalidRequestError } from '../errors/request-errors.js';
import { BUCKET_MS, floorTo, type Dimension } from './report-measures.js';

/** An invalid report request; the message starts with the name of the parameter. */
export class InvalidReportError extends InvalidRequestError {
  readonly code = 'POSTACK_REPORT_INVALID';
  override readonly name = 'InvalidReportError';

  constructor(
    readonly parameter: string,
    problem: string,
  ) {
    super(`${parameter} ${problem}`);
  }
}

/** The period of a report. */
export interface ReportPeriod {
  /** Default: 30 days before `to`. */
  from?: Date;
  /** Exclusive. Default: now. */
  to?: Date;
}

/** How own numbers are shown. */
export interface NumbersOption {
  /** Shows own numbers in full instead of masked. Default `false`. */
  includeNumbers?: boolean;
}

/** Intervals of a time series. Weeks start on Monday. */
export const INTERVALS = ['hour', 'day', 'week', 'month'] as const;

/** One of `INTERVALS`. */
export type Interval = (typeof INTERVALS)[number];

/** What messages can be grouped by. `cause` is the cause class of the error code in the failure catalogue. */
export type Grouping = Exclude<Dimension, 'total'> | 'cause';

export const GROUPINGS = [
  'ownNumber',
  'country',
  'segments',
  'cause',
  'errorCode',
] as const satisfies Grouping[];

const BY_MESSAGE: readonly Grouping[] = ['ownNumber', 'country', 'segments'];
const BY_FAILURE: readonly Grouping[] = GROUPINGS;

/** Metrics of time series → what they can be grouped by. */
export const METRICS = {
  received: BY_MESSAGE,
  outbound: BY_MESSAGE,
  queued: BY_MESSAGE,
  sent: BY_MESSAGE,
  delivered: BY_MESSAGE,
  undelivered: BY_FAILURE,
  failed: BY_FAILURE,
  expired: BY_MESSAGE,
  deliveryRate: BY_MESSAGE,
  segmentsReceived: BY_MESSAGE,
  segmentsSent: BY_MESSAGE,
  cost: BY_MESSAGE,
  unpricedSegments: BY_MESSAGE,
  conversations: BY_MESSAGE,
  replied: BY_MESSAGE,
  replyRate: BY_MESSAGE,
  optOuts: [],
  optOutRate: [],
  eventsAccepted: [],
  eventsDuplicate: [],
  eventsRejected: [],
  eventsUnavailable: [],
  eventsQuarantined: [],
} as const satisfies Record<string, readonly Grouping[]>;

/** A key of `METRICS`. */
export type Metric = keyof typeof METRICS;

/** Selects a time series. */
export interface TimeSeriesRequest extends ReportPeriod, NumbersOption {
  metric: Metric;
  /** Default `day`. */
  interval?: Interval;
  /** One series per value, or per pair of values of two groupings. Default: one series. See `METRICS` for what is valid. */
  groupBy?: Grouping | readonly Grouping[];
  /** IANA time zone of hours, days, weeks and months. Default `UTC`. */
  timezone?: string;
}

/** A period with its defaults applied; `from` is rounded down to 15 minutes. */
export interface ResolvedPeriod {
  from: Date;
  to: Date;
}

const DEFAULT_PERIOD_MS = 30 * 86_400_000;

/** PostgreSQL and ISO 8601 have the same notation for the years 1970 to 9998. */
export const EARLIEST = Date.UTC(1970, 0, 1);
const LATEST = Date.UTC(9999, 0, 1);

/** @throws {InvalidReportError} */
export function resolvedPeriod({ from, to = new Date() }: ReportPeriod): ResolvedPeriod {
  const start = from ?? new Date(to.getTime() - DEFAULT_PERIOD_MS);
  for (const [name, time] of [
    ['from', start],
    ['to', to],
  ] as const) {
    const ms = time.getTime();
    if (!(ms >= EARLIEST && ms < LATEST)) {
      throw new InvalidReportError(name, 'must be a time between the years 1970 and 9998');
    }
  }
  if (start >= to) throw new InvalidReportError('from', 'must be before "to"');
  return { from: new Date(floorTo(start.getTime(), BUCKET_MS)), to };
}

const MAX_GROUPINGS = 2;

/** The groupings of a request. */
export function groupingsOf(groupBy: TimeSeriesRequest['groupBy']): readonly Grouping[] {
  return groupBy === undefined ? [] : typeof groupBy === 'string' ? [groupBy] : groupBy;
}

/** @throws {InvalidReportError} for an unknown metric, interval, grouping or time zone, or an invalid combination. */
export function checkTimeSeries({ metric, interval, groupBy, timezone }: TimeSeriesRequest): void {
  checkMetric(metric);
  checkOneOf('interval', interval, INTERVALS);
  const groupings = groupingsOf(groupBy);
  for (const grouping of groupings) checkOneOf('groupBy', grouping, GROUPINGS);
  if (groupings.length > MAX_GROUPINGS || new Set(groupings).size < groupings.length) {
    throw new InvalidReportError('groupBy', 'must be one or two different ones');
  }
  const fitting: readonly Grouping[] = METRICS[metric];
  if (groupings.some((grouping) => !fitting.includes(grouping))) {
    const rule = fitting.length > 0 ? `must be one of ${fitting.join(', ')}` : 'must be left out';
    throw new InvalidReportError('groupBy', `${rule} for the metric ${metric}`);
  }
  if (timezone !== undefined) checkTimezone(timezone);
}

/** @throws {InvalidReportError} */
export function checkMetric(metric: string): void {
  checkOneOf('metric', metric, Object.keys(METRICS));
}

/** @throws {InvalidReportError} */
export function checkTimezone(timezone: string): void {
  // A leading sign or digit denotes an offset, whose sign JavaScript and PostgreSQL interpret in opposite ways.
  if (!(/^[a-z]/i.test(timezone) && IANAZone.isValidZone(timezone))) {
    throw new InvalidReportError('timezone', 'must be an IANA time zone, like Europe/Berlin');
  }
}

function checkOneOf(name: string, value: string | undefined, known: readonly string[]): void {
  if (value !== undefined && !known.includes(value)) {
    throw new InvalidReportError(name, `must be one of ${known.join(', ')}`);
  }
}
