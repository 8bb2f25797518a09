import { DELIVERY_STATES, type DeliveryState } from '../messages/delivery-state.js';
import type { Counts } from './rollups/report-deltas.js';

/** State of an outbound message → how many are in it. */
export type StateCounts = Record<Exclude<DeliveryState, 'received'>, number>;

/** Outbound messages by state. */
export function statesOf(counts: Counts): StateCounts {
  const { received: _inbound, ...states } = Object.fromEntries(
    DELIVERY_STATES.map((state) => [state, counts[state]]),
  ) as Record<DeliveryState, number>;
  return states;
}

/** All outbound messages. */
export function outboundOf(counts: Counts): number {
  return Object.values(statesOf(counts)).reduce((sum, count) => sum + count, 0);
}

/** Delivered messages, read ones included, of those whose delivery has ended one way or the other. */
export function deliveryRateOf(counts: Counts): number | null {
  const { delivered, read, undelivered, failed, expired } = counts;
  return rate(delivered + read, delivered + read + undelivered + failed + expired);
}

/** Inbound messages that a reply followed within 24 hours, of all. */
export function replyRateOf({ replied, received }: Counts): number | null {
  return rate(replied, received);
}

/** A share of something, from 0 to 1; `null` of nothing. */
export function rate(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}
