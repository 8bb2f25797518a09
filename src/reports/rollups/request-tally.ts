import type { WebhookOutcome } from '../../webhook/webhook-answer.js';
import { bucketOf } from './report-time.js';

/** Number of requests by outcome. */
export interface RequestCount {
  duplicates: number;
  rejected: number;
  unavailable: number;
  quarantined: number;
}

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
    const { duplicates, rejected, unavailable, quarantined } = this.#taken;
    this.#add(bucketOf(now), {
      duplicates: all.duplicates - duplicates,
      rejected: all.rejected - rejected,
      unavailable: all.unavailable - unavailable,
      quarantined: all.quarantined - quarantined,
    });
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

  #add(bucketMs: number, { duplicates, rejected, unavailable, quarantined }: RequestCount): void {
    if (duplicates + rejected + unavailable + quarantined === 0) return;
    const known = this.#pending.get(bucketMs) ?? noCount();
    this.#pending.set(bucketMs, {
      duplicates: known.duplicates + duplicates,
      rejected: known.rejected + rejected,
      unavailable: known.unavailable + unavailable,
      quarantined: known.quarantined + quarantined,
    });
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
  return { duplicates: 0, rejected: 0, unavailable: 0, quarantined: 0 };
}

function countOf(snapshot: Partial<Record<WebhookOutcome, number>>): RequestCount {
  const counts = noCount();
  for (const [outcome, count] of Object.entries(snapshot)) {
    if (outcome === 'quarantined') counts.quarantined += count;
    else if (outcome === 'duplicate') counts.duplicates += count;
    else if (UNAVAILABLE.has(outcome)) counts.unavailable += count;
    else if (outcome !== 'accepted') counts.rejected += count;
  }
  return counts;
}
