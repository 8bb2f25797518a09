/** Ratio of the upper bounds of two consecutive bins. */
export const BIN_GROWTH = 1.1;

/**
 * Maximum relative error of a percentile: 4.8 %. Every duration in a bin differs from the representative value of the
 * bin by at most this (the bound of DDSketch, https://arxiv.org/abs/1908.10693).
 */
export const RELATIVE_ERROR = (BIN_GROWTH - 1) / (BIN_GROWTH + 1);

/**
 * The representative duration of a bin, in milliseconds. Bin `n` holds durations above `BIN_GROWTH ** (n - 1)` ms, up to
 * `BIN_GROWTH ** n` ms; bin 0 holds all up to 1 ms. `binSql` assigns them.
 */
export function durationOf(bin: number): number {
  return bin === 0 ? 1 : (2 * BIN_GROWTH ** bin) / (BIN_GROWTH + 1);
}

/** Length of an entry of a histogram: the bin (2 bytes), and the number of durations in it (4 bytes), big-endian. */
const ENTRY_BYTES = 6;

/** Adds the entries of stored histograms, one after the other, to `bins`. */
export function addHistogram(histogram: Buffer, bins: Map<number, number>): void {
  const counts: number[] = [];
  for (let at = 0; at < histogram.length; at += ENTRY_BYTES) {
    const bin = histogram.readInt16BE(at);
    counts[bin] = (counts[bin] ?? 0) + histogram.readInt32BE(at + 2);
  }
  counts.forEach((count, bin) => bins.set(bin, (bins.get(bin) ?? 0) + count));
}

/** Percentiles of durations in milliseconds, accurate to `RELATIVE_ERROR`; `null` without durations. */
export interface Percentiles {
  /** Number of durations. */
  count: number;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
}

/** @param bins Bin → number of durations in it; merge several by adding the numbers. */
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
