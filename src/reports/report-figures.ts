import { DELIVERY_STATES, type DeliveryState } from '../messages/delivery-state.js';
import type { Counts } from './report-measures.js';

/** State of an outbound message → number of messages. */
export type StateCounts = Record<Exclude<DeliveryState, 'received'>, number>;

/** The messages of a period. */
export interface MessageFigures {
  received: number;
  outbound: number;
  /** Outbound messages by state. */
  states: StateCounts;
  /** 0 to 1; `null` if no message has reached a final state. */
  deliveryRate: number | null;
  segmentsReceived: number;
  segmentsSent: number;
  /** Conversations opened in the period, by a message after at least 24 hours without one. */
  conversations: number;
  /** Inbound messages that got a reply within 24 hours. */
  replied: number;
  /** 0 to 1; `null` without inbound messages. */
  replyRate: number | null;
  /** `null` without `reports.prices`. */
  cost: MessageCost | null;
}

/** What outbound messages cost. */
export interface MessageCost {
  amount: number;
  /** ISO 4217 code. */
  currency: string;
  /** Segments to destinations without a price, which `amount` does not include. */
  unpricedSegments: number;
}

/** @param currency Of the cost; `null` without prices. */
export function messageFiguresOf(counts: Counts, currency: string | null): MessageFigures {
  const { received, segmentsReceived, segmentsSent, conversations, replied } = counts;
  return {
    received,
    outbound: outboundOf(counts),
    states: statesOf(counts),
    deliveryRate: deliveryRateOf(counts),
    segmentsReceived,
    segmentsSent,
    conversations,
    replied,
    replyRate: replyRateOf(counts),
    cost:
      currency === null ? null : { amount: counts.cost, currency, unpricedSegments: counts.unpricedSegments },
  };
}

function statesOf(counts: Counts): StateCounts {
  const { received: _inbound, ...states } = Object.fromEntries(
    DELIVERY_STATES.map((state) => [state, counts[state]]),
  ) as Record<DeliveryState, number>;
  return states;
}

/** Number of outbound messages. */
export function outboundOf(counts: Counts): number {
  return Object.values(statesOf(counts)).reduce((sum, count) => sum + count, 0);
}

/** Delivered and read messages, as a share of the messages in a final state. */
export function deliveryRateOf(counts: Counts): number | null {
  const { delivered, read, undelivered, failed, expired } = counts;
  return rate(delivered + read, delivered + read + undelivered + failed + expired);
}

/** Inbound messages that got a reply within 24 hours, as a share of all inbound messages. */
export function replyRateOf({ replied, received }: Counts): number | null {
  return rate(replied, received);
}

/** A share from 0 to 1; `null` if `whole` is 0. */
export function rate(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}
