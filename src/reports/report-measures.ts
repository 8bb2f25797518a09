import { DELIVERY_STATES } from '../messages/delivery-state.js';

/** Counts are kept in UTC buckets of 15 minutes at most, the granularity of the offsets of all time zones. */
export const BUCKET_MS = 15 * 60_000;

export const HOUR_MS = 60 * 60_000;

/** The greatest multiple of `step` that is not greater than `ms`. */
export function floorTo(ms: number, step: number): number {
  return Math.floor(ms / step) * step;
}

/** The first message after 24 hours without one opens a new conversation. */
export const CONVERSATION_GAP_MS = 24 * HOUR_MS;

/** An outbound message more than 24 hours after an inbound one is not a reply to it. */
export const REPLY_WINDOW_MS = 24 * HOUR_MS;

/** What is counted: messages in each state, segments, opened conversations, messages with a reply, and the cost. */
export const MEASURES = [
  ...DELIVERY_STATES,
  'segmentsReceived',
  'segmentsSent',
  'conversations',
  'replied',
  'cost',
  'unpricedSegments',
] as const;

/** One of `MEASURES`. */
export type Measure = (typeof MEASURES)[number];

export type Counts = Record<Measure, number>;

/** Column of each of `MEASURES`. */
export const MEASURE_COLUMNS = MEASURES.map((measure) =>
  measure.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
);

/**
 * What messages are counted by; `total` is all messages. The cause is not a dimension: it is derived from the error code
 * with a catalogue that may change. The error code, which may contain anything, comes last: see `valuesOf`.
 */
export const DIMENSIONS = ['total', 'ownNumber', 'country', 'segments', 'errorCode'] as const;

/** One of `DIMENSIONS`. */
export type Dimension = (typeof DIMENSIONS)[number];

/** Durations: first event to delivery, inbound message to reply, and occurrence of an event to its receipt here. */
export const DURATIONS = ['timeToDelivered', 'timeToFirstReply', 'eventLag'] as const;

/** One of `DURATIONS`. */
export type Duration = (typeof DURATIONS)[number];
