import { DELIVERY_STATES } from '../../messages/delivery-state.js';
import { binOf } from './duration-bins.js';
import { bucketOf, hourOf } from './report-time.js';

/** What is counted of messages: those in each state, parts both ways, conversations opened, messages replied to. */
export const MEASURES = [
  ...DELIVERY_STATES,
  'segmentsReceived',
  'segmentsSent',
  'conversations',
  'replied',
] as const;

/** One of `MEASURES`. */
export type Measure = (typeof MEASURES)[number];

/** How many messages, or what of them, by measure. */
export type Counts = Record<Measure, number>;

/**
 * What messages are counted by, one at a time; `total` is all of them. Not by cause, which follows from the code by a
 * catalogue that may change.
 */
export const DIMENSIONS = ['total', 'ownNumber', 'country', 'segments', 'errorCode'] as const;

/** One of `DIMENSIONS`. */
export type Dimension = (typeof DIMENSIONS)[number];

/** A dimension with its value; of `total` that is empty. */
export type Place = readonly [dimension: Dimension, value: string];

/** How long something takes: from the first event to delivery, from a message to its reply, from event to receipt. */
export const DURATIONS = ['timeToDelivered', 'timeToFirstReply', 'eventLag'] as const;

/** One of `DURATIONS`. */
export type Duration = (typeof DURATIONS)[number];

/** What is to be added to one row of counts. */
export interface CountDelta {
  bucketMs: number;
  place: Place;
  counts: Partial<Counts>;
}

/** What is to be added to one bin. */
export interface DurationDelta {
  hourMs: number;
  duration: Duration;
  place: Place;
  bin: number;
  count: number;
}

/** What is to be added to the events of a quarter of an hour. */
export interface EventDelta {
  bucketMs: number;
  accepted: number;
}

/** Gathers what changes in the rollups, so that each row is written once. */
export class ReportDeltas {
  readonly #counts = new Map<string, CountDelta>();
  readonly #durations = new Map<string, DurationDelta>();
  readonly #events = new Map<number, EventDelta>();
  /** `NumberFacts.key` → number. */
  readonly ownNumbers = new Map<string, string>();

  count(at: Date, places: readonly Place[], added: Partial<Counts>): void {
    const bucketMs = bucketOf(at);
    for (const place of places) {
      const key = `${place[0]} ${bucketMs} ${place[1]}`;
      let delta = this.#counts.get(key);
      if (!delta) this.#counts.set(key, (delta = { bucketMs, place, counts: {} }));
      for (const [measure, by] of Object.entries(added) as [Measure, number][]) {
        delta.counts[measure] = (delta.counts[measure] ?? 0) + by;
      }
    }
  }

  took(at: Date, places: readonly Place[], duration: Duration, durationMs: number, by: number): void {
    this.inBin(at, places, duration, binOf(durationMs), by);
  }

  inBin(at: Date, places: readonly Place[], duration: Duration, bin: number, by: number): void {
    const hourMs = hourOf(at);
    for (const place of places) {
      const key = `${duration} ${place[0]} ${hourMs} ${bin} ${place[1]}`;
      const delta = this.#durations.get(key);
      if (delta) delta.count += by;
      else this.#durations.set(key, { hourMs, duration, place, bin, count: by });
    }
  }

  /** An event that was stored. */
  accepted(receivedAt: Date, occurredAt: Date): void {
    this.countEvents(receivedAt, 1);
    this.took(receivedAt, [['total', '']], 'eventLag', receivedAt.getTime() - occurredAt.getTime(), 1);
  }

  countEvents(receivedAt: Date, by: number): void {
    const bucketMs = bucketOf(receivedAt);
    const delta = this.#events.get(bucketMs);
    if (delta) delta.accepted += by;
    else this.#events.set(bucketMs, { bucketMs, accepted: by });
  }

  /** Those that are not nothing, in the order of the rows' keys. */
  events(): EventDelta[] {
    return [...this.#events.values()]
      .filter(({ accepted }) => accepted !== 0)
      .sort((a, b) => a.bucketMs - b.bucketMs);
  }

  /** Those that are not nothing, in the order of the rows' keys. */
  counts(): CountDelta[] {
    return [...this.#counts]
      .filter(([, { counts }]) => Object.values(counts).some((by) => by !== 0))
      .sort(byKey)
      .map(([, delta]) => delta);
  }

  /** Those that are not nothing, in the order of the rows' keys. */
  durations(): DurationDelta[] {
    return [...this.#durations]
      .filter(([, { count }]) => count !== 0)
      .sort(byKey)
      .map(([, delta]) => delta);
  }
}

/** Any fixed order keeps two transactions from waiting for each other. */
function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
