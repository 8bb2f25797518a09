import type { WebhookOutcome } from '../webhook/webhook-answer.js';
import { BUCKET_MS, floorTo } from './report-measures.js';

/** Number of requests that are stored nowhere, by outcome. */
export interface RequestCount {
  duplicates: number;
  rejected: number;
  unavailable: number;
}

type Counted = keyof RequestCount;

/** Outcomes of requests that are stored. */
const STORED: ReadonlySet<string> = new Set<WebhookOutcome>(['accepted', 'quarantined']);

/** Outcomes with status 503 or 500: not the sender's fault, and retried by the sender. */
const UNAVAILABLE: ReadonlySet<string> = new Set<WebhookOutcome>([
  'storage-unavailable',
  'overloaded',
  'stopping',
  'error',
  'already-read',
]);

/** 1 week; counts of an older bucket are added to the next one. */
const MAX_BUCKETS = 7 * 24 * 4;

/** Request counts that have not been written yet, by 15-minute bucket. */
export class RequestTally {
  #pending = new Map<number, RequestCount>();
  #taken = noCount();

  /** Adds what has been counted since the last call to the bucket of `now`. @param snapshot of `WebhookCounters`. */
  take(snapshot: Partial<Record<WebhookOutcome, number>>, now: Date): void {
    const all = countOf(snapshot);
    this.#add(floorTo(now.getTime(), BUCKET_MS), combined(all, this.#taken, -1));
    this.#taken = all;
  }

  /** Removes and returns all counts with the start of their bucket, earliest first. */
  drain(): (readonly [bucketMs: number, count: RequestCount])[] {
    const drained = [...this.#pending].sort(([a], [b]) => a - b);
    this.#pending = new Map();
    return drained;
  }

  /** Restores counts that could not be written. */
  putBack(drained: ReturnType<RequestTally['drain']>): void {
    for (const [bucketMs, count] of drained) this.#add(bucketMs, count);
  }

  #add(bucketMs: number, count: RequestCount): void {
    if (Object.values(count).every((one) => one === 0)) return;
    this.#pending.set(bucketMs, combined(this.#pending.get(bucketMs) ?? noCount(), count));
    if (this.#pending.size > MAX_BUCKETS) this.#mergeEarliest();
  }

  #mergeEarliest(): void {
    const [[earliest, count] = [], [next] = []] = [...this.#pending].sort(([a], [b]) => a - b);
    if (earliest === undefined || count === undefined || next === undefined) return;
    this.#pending.delete(earliest);
    this.#add(next, count);
  }
}

function noCount(): RequestCount {
  return { duplicates: 0, rejected: 0, unavailable: 0 };
}

function combined(a: RequestCount, b: RequestCount, sign: 1 | -1 = 1): RequestCount {
  const sum = (name: Counted) => a[name] + sign * b[name];
  return { duplicates: sum('duplicates'), rejected: sum('rejected'), unavailable: sum('unavailable') };
}

function countOf(snapshot: Partial<Record<WebhookOutcome, number>>): RequestCount {
  const counts = noCount();
  for (const [outcome, count] of Object.entries(snapshot)) {
    if (STORED.has(outcome)) continue;
    const name =
      outcome === 'duplicate' ? 'duplicates' : UNAVAILABLE.has(outcome) ? 'unavailable' : 'rejected';
    counts[name] += count;
  }
  return counts;
}
