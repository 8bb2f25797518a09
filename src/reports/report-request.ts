import { IANAZone } from 'luxon';
import { InvalidRequestError } from '../errors/request-errors.js';
import type { Dimension } from './rollups/report-deltas.js';
import { BUCKET_MS, floorTo } from './rollups/report-time.js';

/** A report that makes no sense; the message begins with the name of the wrong parameter. */
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

/** Of which time a report is. */
export interface ReportPeriod {
  /** Default: 30 days before `to`. */
  from?: Date;
  /** Up to, and without. Default: now. */
  to?: Date;
}

/** Shows own numbers in full; else they are masked, and told apart by a key. Default `false`. */
export interface NumbersOption {
  includeNumbers?: boolean;
}

/** Into what a time series is cut. Weeks begin on Monday. */
export const INTERVALS = ['hour', 'day', 'week', 'month'] as const;

/** One of `INTERVALS`. */
export type Interval = (typeof INTERVALS)[number];

/** What messages can be grouped by. `cause` is the class of causes that the catalogue has for the error code. */
export type Grouping = Exclude<Dimension, 'total'> | 'cause';

export const GROUPINGS = [
  'ownNumber',
  'country',
  'segments',
  'cause',
  'errorCode',
] as const satisfies Grouping[];

const BY_NUMBERS: readonly Grouping[] = ['ownNumber', 'country'];
const BY_MESSAGE: readonly Grouping[] = [...BY_NUMBERS, 'segments'];
const BY_FAILURE: readonly Grouping[] = GROUPINGS;

/** What a time series can be of, and what that can be grouped by. */
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
  conversations: BY_NUMBERS,
  replied: BY_NUMBERS,
  replyRate: BY_NUMBERS,
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

/** A time series. */
export interface TimeSeriesRequest extends ReportPeriod, NumbersOption {
  metric: Metric;
  /** Default `day`. */
  interval?: Interval;
  /** Default: all together. See `METRICS` for what goes with what. */
  groupBy?: Grouping;
  /** IANA time zone in which hours, days, weeks and months begin. Default `UTC`. */
  timezone?: string;
}

/** A period with its defaults; `from` is the beginning of a quarter of an hour. */
export interface ResolvedPeriod {
  from: Date;
  to: Date;
}

const DEFAULT_PERIOD_MS = 30 * 86_400_000;

/** Years that PostgreSQL and ISO 8601 write alike. */
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

/** @throws {InvalidReportError} when no such metric, interval, grouping or time zone exists, or they do not fit. */
export function checkTimeSeries({ metric, interval, groupBy, timezone }: TimeSeriesRequest): void {
  const oneOf = (name: string, value: string | undefined, known: readonly string[]) => {
    if (value !== undefined && !known.includes(value)) {
      throw new InvalidReportError(name, `must be one of ${known.join(', ')}`);
    }
  };
  oneOf('metric', metric, Object.keys(METRICS));
  oneOf('interval', interval, INTERVALS);
  oneOf('groupBy', groupBy, GROUPINGS);
  const fitting: readonly Grouping[] = METRICS[metric];
  if (groupBy !== undefined && !fitting.includes(groupBy)) {
    const rule = fitting.length > 0 ? `must be one of ${fitting.join(', ')}` : 'must be left out';
    throw new InvalidReportError('groupBy', `${rule} for the metric ${metric}`);
  }
  // What begins with a sign or a digit is an offset, which JavaScript and PostgreSQL read the other way round.
  if (timezone !== undefined && !(/^[a-z]/i.test(timezone) && IANAZone.isValidZone(timezone))) {
    throw new InvalidReportError('timezone', 'must be an IANA time zone, like Europe/Berlin');
  }
}
