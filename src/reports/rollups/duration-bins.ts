/** Each bin reaches this many times as far as the one before. */
export const BIN_GROWTH = 1.1;

/**
 * How far a percentile may be from the exact one, of which it is this share at most: 4.8 %. Every duration in a bin
 * is within it of the value that stands for the bin (the bound of DDSketch, https://arxiv.org/abs/1908.10693).
 */
export const RELATIVE_ERROR = (BIN_GROWTH - 1) / (BIN_GROWTH + 1);

const LOG_GROWTH = Math.log(BIN_GROWTH);

/** The bin of a duration: bin `n` holds what is longer than `BIN_GROWTH ** (n - 1)` ms, and up to `BIN_GROWTH ** n`. */
export function binOf(durationMs: number): number {
  // A clock that is behind makes negative ones; less than a millisecond cannot be told apart.
  if (durationMs <= 1) return 0;
  const bin = Math.ceil(Math.log(durationMs) / LOG_GROWTH);
  // Logarithms are not exact at the very edge of a bin.
  return durationMs <= BIN_GROWTH ** (bin - 1) ? bin - 1 : bin;
}

/** The duration that stands for a bin. */
export function durationOf(bin: number): number {
  return bin === 0 ? 1 : (2 * BIN_GROWTH ** bin) / (BIN_GROWTH + 1);
}

/** How long something took, in milliseconds; `null` when nothing is known. Right to `RELATIVE_ERROR`. */
export interface Percentiles {
  /** Of how many durations. */
  count: number;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
}

/** Bin → number of durations in it. Two of them are merged by adding up. */
export function percentilesOf(bins: ReadonlyMap<number, number>): Percentiles {
  const sorted = [...bins].filter(([, count]) => count > 0).sort(([a], [b]) => a - b);
  const count = sorted.reduce((sum, [, inBin]) => sum + inBin, 0);
  const at = (share: number) => {
    const rank = Math.max(1, Math.ceil(share * count));
    let below = 0;
    const found = sorted.find(([, inBin]) => (below += inBin) >= rank);
    return found ? Math.round(durationOf(found[0])) : null;
  };
  return { count, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
}
