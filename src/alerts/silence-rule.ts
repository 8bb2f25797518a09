/** What decides whether a silence is out of the ordinary. */
export interface Silence {
  now: Date;
  /** Since when no event has come in, although one could have. */
  silentSince: Date;
  /** Events that came in during each hour that was watched, also those without any; by the hour's beginning, in ms. */
  hours: ReadonlyMap<number, number>;
  /** A shorter silence is none. */
  minMs: number;
  /** So many events must be missing. */
  minEvents: number;
}

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;

/** Weeks that are looked back on. */
export const WEEKS = 4;

/** With fewer of them, nobody can tell what is usual. */
const MIN_WEEKS = 2;

/** What is silent for longer has been an alert for long. */
const LONGEST_MS = WEEK_MS;

/**
 * Whether no event has come in for longer than usual at this time of the week. Only hours count that usually have
 * events: a night is not silent, and neither is an installation of which not even two weeks are known.
 *
 * @returns how many events are missing, by what is usual; 0 when nothing is out of the ordinary.
 */
export function missingEvents({ now, silentSince, hours, minMs, minEvents }: Silence): number {
  const end = now.getTime();
  const start = Math.max(silentSince.getTime(), end - LONGEST_MS);
  let missing = 0;
  let silentMs = 0;
  for (let hour = hourOf(start); hour < end; hour += HOUR_MS) {
    const usual = usualEvents(hour, hours);
    if (usual === 0) continue;
    const ms = Math.min(end, hour + HOUR_MS) - Math.max(start, hour);
    silentMs += ms;
    missing += (usual * ms) / HOUR_MS;
  }
  const isUsuallyBusy = usualEvents(hourOf(end), hours) > 0;
  return isUsuallyBusy && silentMs >= minMs && missing >= minEvents ? Math.floor(missing) : 0;
}

/**
 * The fewest that are usual in this hour of the week or the ones beside it: no opening hour, or change to summer time,
 * is to the minute.
 */
function usualEvents(hour: number, hours: ReadonlyMap<number, number>): number {
  return Math.min(...[-HOUR_MS, 0, HOUR_MS].map((offset) => medianOfWeeks(hour + offset, hours)));
}

/** The lower median of the same hour in the weeks before: one week of holidays, or of an outage, does not decide. */
function medianOfWeeks(hour: number, hours: ReadonlyMap<number, number>): number {
  const counts: number[] = [];
  for (let week = 1; week <= WEEKS; week += 1) {
    const count = hours.get(hour - week * WEEK_MS);
    if (count !== undefined) counts.push(count);
  }
  if (counts.length < MIN_WEEKS) return 0;
  counts.sort((a, b) => a - b);
  return counts[Math.floor((counts.length - 1) / 2)] ?? 0;
}

function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}
