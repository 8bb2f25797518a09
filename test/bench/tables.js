// How the benchmark's results are printed.

/** `undefined` of nothing. */
export function median(values = []) {
  const sorted = values.filter((value) => Number.isFinite(value)).toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? sorted[Math.floor(middle)]
    : sorted.length > 0
      ? (sorted[middle - 1] + sorted[middle]) / 2
      : undefined;
}

const COLUMNS = {
  'answered/s': ['perSecond', 0],
  'done/s': ['donePerSecond', 0],
  'ack p50 ms': ['p50', 1],
  'ack p99 ms': ['p99', 1],
  'projected p99 ms': ['projectedP99', 1],
  'CPU s/10k': ['cpuPer10k', 2],
  'peak MB': ['peakMemoryMb', 0],
  'stolen %': ['stolen', 0],
};

/** One line for each row: the medians of its rounds. */
export function printRows(rows, results) {
  const lines = rows.map(({ letter, name }) => {
    const rounds = results.get(letter);
    const cells = Object.entries(COLUMNS).map(([title, [key, digits]]) => [
      title,
      median(rounds.map((result) => result[key]))?.toFixed(digits) ?? '',
    ]);
    const refused = rounds.reduce((sum, one) => sum + one.refused, 0);
    return [`(${letter}) ${name}`, { ...Object.fromEntries(cells), 'not 204': refused }];
  });
  console.table(Object.fromEntries(lines));
}

/** `[what, value, comparison, target]` each; without a target it is only printed. */
export function printTargets(targets) {
  const lines = targets
    .filter(([, value]) => value !== undefined)
    .map(([what, value, comparison, target]) => {
      const isReached = comparison === '≥' ? value >= target : value <= target;
      const cells = {
        value: value.toFixed(2),
        target: target === undefined ? '' : `${comparison} ${target}`,
      };
      return [what, { ...cells, reached: target === undefined ? '' : isReached ? 'yes' : 'no' }];
    });
  console.table(Object.fromEntries(lines));
}
