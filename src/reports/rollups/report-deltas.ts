import { DELIVERY_STATES } from '../../messages/delivery-state.js';
import { binOf } from './duration-bins.js';
import { bucketOf, hourOf } from './report-time.js';

/** What is counted: messages in each state, segments, opened conversations, and messages with a reply. */
export const MEASURES = [
  ...DELIVERY_STATES,
  'segmentsReceived',
  'segmentsSent',
  'conversations',
  'replied',
] as const;

/** One of `MEASURES`. */
export type Measure = (typeof MEASURES)[number];

export type Counts = Record<Measure, number>;

/**
 * What messages are counted by; `total` is all messages. The cause is not a dimension: it is derived from the error code
 * with a catalogue that may change.
 */
export const DIMENSIONS = ['total', 'ownNumber', 'country', 'segments', 'errorCode'] as const;

/** One of `DIMENSIONS`. */
export type Dimension = (typeof DIMENSIONS)[number];

/** A dimension with a value; the value of `total` is empty. */
export type DimensionValue = readonly [dimension: Dimension, value: string];

/** Durations: first event to delivery, inbound message to reply, and occurrence of an event to its receipt here. */
export const DURATIONS = ['timeToDelivered', 'timeToFirstReply', 'eventLag'] as const;

/** One of `DURATIONS`. */
export type Duration = (typeof DURATIONS)[number];

/** Change of one `report_count` row. */
export interface CountDelta {
  bucketMs: number;
  dimension: DimensionValue;
  counts: Partial<Counts>;
}

/** Change of one `report_duration` row. */
export interface DurationDelta {
  hourMs: number;
  duration: Duration;
  dimension: DimensionValue;
  bin: number;
  count: number;
}

/** Change of one `report_event` row. */
export interface EventDelta {
  bucketMs: number;
  accepted: number;
}

/** Accumulates changes of the rollups, so that each row is written once. */
export class ReportDeltas {
  readonly #counts = new Map<string, CountDelta>();
  readonly #durations = new Map<string, DurationDelta>();
  readonly #events = new Map<number, EventDelta>();
  /** `NumberFacts.key` → number. */
  readonly ownNumbers = new Map<string, string>();

  addCounts(at: Date, dimensions: readonly DimensionValue[], added: Partial<Counts>): void {
    const bucketMs = bucketOf(at);
    for (const dimension of dimensions) {
      const key = `${dimension[0]} ${bucketMs} ${dimension[1]}`;
      let delta = this.#counts.get(key);
      if (!delta) this.#counts.set(key, (delta = { bucketMs, dimension, counts: {} }));
      for (const [measure, by] of Object.entries(added) as [Measure, number][]) {
        delta.counts[measure] = (delta.counts[measure] ?? 0) + by;
      }
    }
  }

  addDuration(
    at: Date,
    dimensions: readonly DimensionValue[],
    duration: Duration,
    durationMs: number,
    by: number,
  ): void {
    this.addToBin(at, dimensions, duration, binOf(durationMs), by);
  }

  addToBin(
    at: Date,
    dimensions: readonly DimensionValue[],
    duration: Duration,
    bin: number,
    by: number,
  ): void {
    const hourMs = hourOf(at);
    for (const dimension of dimensions) {
      const key = `${duration} ${dimension[0]} ${hourMs} ${bin} ${dimension[1]}`;
      const delta = this.#durations.get(key);
      if (delta) delta.count += by;
      else this.#durations.set(key, { hourMs, duration, dimension, bin, count: by });
    }
  }

  /** Adds an accepted event. */
  addEvent(receivedAt: Date, occurredAt: Date): void {
    this.addEvents(receivedAt, 1);
    this.addDuration(receivedAt, [['total', '']], 'eventLag', receivedAt.getTime() - occurredAt.getTime(), 1);
  }

  addEvents(receivedAt: Date, by: number): void {
    const bucketMs = bucketOf(receivedAt);
    const delta = this.#events.get(bucketMs);
    if (delta) delta.accepted += by;
    else this.#events.set(bucketMs, { bucketMs, accepted: by });
  }

  /** Non-zero deltas, sorted by primary key. */
  events(): EventDelta[] {
    return [...this.#events.values()]
      .filter(({ accepted }) => accepted !== 0)
      .sort((a, b) => a.bucketMs - b.bucketMs);
  }

  /** Non-zero deltas, sorted by primary key. */
  counts(): CountDelta[] {
    return [...this.#counts]
      .filter(([, { counts }]) => Object.values(counts).some((by) => by !== 0))
      .sort(byKey)
      .map(([, delta]) => delta);
  }

  /** Non-zero deltas, sorted by primary key. */
  durations(): DurationDelta[] {
    return [...this.#durations]
      .filter(([, { count }]) => count !== 0)
      .sort(byKey)
      .map(([, delta]) => delta);
  }
}

/** Any fixed order prevents deadlocks between transactions. */
function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
