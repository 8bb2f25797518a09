import type { OwnNumberLabel, OwnNumberLabels } from './own-number-labels.js';
import type { ReportCounts } from './report-counts.js';
import { rate } from './report-figures.js';
import {
  InvalidReportError,
  resolvedPeriod,
  type NumbersOption,
  type ReportPeriod,
  type ResolvedPeriod,
} from './report-request.js';
import { durationOf, RELATIVE_ERROR } from './duration-bins.js';
import { HOUR_MS, floorTo } from './report-measures.js';

/** A later message is not a reply. */
export const MAX_ANSWER_MINUTES = 24 * 60;

/** How quickly inbound messages were replied to. */
export interface AnswersRequest extends ReportPeriod, NumbersOption {
  /** 1 to 1,440. */
  withinMinutes: number;
  /** Adds the figures of each own number. */
  groupBy?: 'ownNumber';
}

/** Inbound messages, and those with a reply in time. */
export interface AnswerFigures {
  received: number;
  /** Inbound messages with a reply within `withinMinutes`. */
  answered: number;
  /** 0 to 1; `null` without inbound messages. */
  answerRate: number | null;
}

/** `GET /api/v1/reports/answers` */
export interface Answers extends ResolvedPeriod, AnswerFigures {
  withinMinutes: number;
  /** How far `withinMinutes` may be off, as a share of it: `answered` is the exact number for a limit in this range. */
  relativeError: number;
  numbers?: (OwnNumberLabel & AnswerFigures)[];
}

/** Reads what was answered in time. Computed over whole hours. @throws {InvalidReportError} */
export async function answers(
  request: AnswersRequest,
  counts: ReportCounts,
  labels: OwnNumberLabels,
): Promise<Answers> {
  const { withinMinutes, groupBy, includeNumbers } = request;
  if (!(Number.isInteger(withinMinutes) && withinMinutes >= 1 && withinMinutes <= MAX_ANSWER_MINUTES)) {
    throw new InvalidReportError('withinMinutes', `must be a whole number from 1 to ${MAX_ANSWER_MINUTES}`);
  }
  const period = wholeHours(resolvedPeriod(request));
  // All replies are within 24 hours, also those in the last bin.
  const limitMs = withinMinutes === MAX_ANSWER_MINUTES ? Infinity : withinMinutes * 60_000;
  const figuresBy = async (dimension: 'total' | 'ownNumber') => {
    const [slices, bins] = await Promise.all([
      counts.messages(period, dimension),
      counts.durationBins(period, 'timeToFirstReply', dimension),
    ]);
    const withMessages = slices.filter(({ sums }) => sums.received > 0);
    return new Map(
      withMessages.map(({ value, sums: { received } }) => {
        const answered = countWithin(bins.get(value), limitMs);
        return [value, { received, answered, answerRate: rate(answered, received) }];
      }),
    );
  };
  const total = (await figuresBy('total')).get('') ?? { received: 0, answered: 0, answerRate: null };
  const all = { ...period, withinMinutes, relativeError: RELATIVE_ERROR, ...total };
  if (groupBy === undefined) return all;
  return { ...all, numbers: await labels.addTo(await figuresBy('ownNumber'), includeNumbers) };
}

function wholeHours({ from, to }: ResolvedPeriod): ResolvedPeriod {
  const until = floorTo(to.getTime() + HOUR_MS - 1, HOUR_MS);
  return { from: new Date(floorTo(from.getTime(), HOUR_MS)), to: new Date(until) };
}

function countWithin(bins: ReadonlyMap<number, number> = new Map(), limitMs: number): number {
  return [...bins].reduce((sum, [bin, count]) => (durationOf(bin) <= limitMs ? sum + count : sum), 0);
}
