import { causeOf, type FailureCatalogue } from '../failures/failure-catalogue.js';
import type { PostackCauseClass } from '../postack-api/postack-api-error-catalogue.js';
import type { Slice } from './report-counts.js';
import { outboundOf, rate } from './report-figures.js';
import { UNKNOWN } from '../messages/number-facts.js';
import type { Counts } from './report-measures.js';

/** Messages that failed with one error code. */
export interface ErrorFigures {
  cause: PostackCauseClass;
  /** Code of Postack or the carrier; `unknown` if none was reported. */
  errorCode: string;
  /** What the code means. */
  meaning: string;
  failed: number;
  undelivered: number;
  /** Messages that Postack rejected; no other report counts them. */
  rejected: number;
  /** Share of all outbound messages, including rejected ones. */
  share: number | null;
}

/** Failures by error code, most frequent first. */
export function errorFiguresOf(
  total: Counts,
  failures: readonly Slice<Counts>[],
  rejections: readonly Slice<{ rejected: number }>[],
  catalogue: FailureCatalogue,
): ErrorFigures[] {
  const sent = new Map(failures.map(({ value, sums }) => [value, sums]));
  const rejected = new Map(rejections.map(({ value, sums }) => [value, sums.rejected]));
  const all = outboundOf(total) + rejections.reduce((sum, { sums }) => sum + sums.rejected, 0);
  return [...new Set([...sent.keys(), ...rejected.keys()])]
    .map((errorCode) => {
      const { causeClass: cause, meaning } = causeOf(catalogue, errorCode === UNKNOWN ? null : errorCode);
      const { failed = 0, undelivered = 0 } = sent.get(errorCode) ?? {};
      const counts = { failed, undelivered, rejected: rejected.get(errorCode) ?? 0 };
      return { cause, errorCode, meaning, ...counts, share: rate(failuresOf(counts), all) };
    })
    .filter((item) => failuresOf(item) > 0)
    .sort((a, b) => failuresOf(b) - failuresOf(a));
}

function failuresOf({
  failed,
  undelivered,
  rejected,
}: Pick<ErrorFigures, 'failed' | 'undelivered' | 'rejected'>): number {
  return failed + undelivered + rejected;
}
