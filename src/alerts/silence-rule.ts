/** A time without events, and what is usual. */
export interface Silence {
  now: Date;
  /** Since when no event has arrived while a process was running. */
  silentSince: Date;
  /** Start of each counted hour, in ms since 1970 → number of events, including 0. */
  hours: ReadonlyMap<number, number>;
  /** Minimum duration of a silence, counting only hours that usually have events. */
  minMs: number;
  /** Minimum number of missing events. */
  minEvents: number;
}

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;

/** Number of past weeks that are considered. */
export const WEEKS = 4;

/** With fewer weeks, it is unknown what is usual. */
const MIN_WEEKS = 2;

/** Limits the hours to add up: an alert was raised long before. */
const MAX_SILENCE_MS = WEEK_MS;

/**
 * Decides whether no event has arrived for longer than usual at this time of the week. Only hours that usually have
 * events count, so neither nights nor the first two weeks of an installation raise an alert.
 *
 * @returns the number of missing events, compared with the usual number; 0 if the silence is not unusual.
 */
export function missingEvents({ now, silentSince, hours, minMs, minEvents }: Silence): number {
  const end = now.getTime();
  const start = Math.max(silentSince.getTime(), end - MAX_SILENCE_MS);
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
 * The minimum of what is usual in this hour of the week, the hour before and the hour after: opening hours vary, and
 * daylight saving time shifts them.
 */
function usualEvents(hour: number, hours: ReadonlyMap<number, number>): number {
  return Math.min(...[-HOUR_MS, 0, HOUR_MS].map((offset) => medianOfWeeks(hour + offset, hours)));
}

/** The lower median of this hour in past weeks: one week with a holiday or an outage does not affect it. */
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
