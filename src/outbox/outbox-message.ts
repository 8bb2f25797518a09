import type { EntityManager } from 'typeorm';

/**
 * What an outbound message is for, which decides the rules that it has to obey.
 *
 * - `reply`: answers somebody's message; loop guard and budgets apply
 * - `confirmation`: the one confirmation of an opt-out, which passes the suppression; only this package sends those
 * - `notification`: expected by its recipient: an order has shipped, a code
 * - `solicitation`: marketing; quiet hours apply
 */
export const OUTBOX_CATEGORIES = ['reply', 'confirmation', 'notification', 'solicitation'] as const;

/** One of `OUTBOX_CATEGORIES`. */
export type OutboxCategory = (typeof OUTBOX_CATEGORIES)[number];

/** What can be given to the outbox. */
export const SENDABLE_CATEGORIES = ['reply', 'notification', 'solicitation'] as const;

/** One of `SENDABLE_CATEGORIES`. */
export type SendableCategory = (typeof SENDABLE_CATEGORIES)[number];

/**
 * Where an outbound message stands on this side.
 *
 * - `queued`: waiting to be sent, perhaps once more
 * - `sending`: a request to Postack is under way
 * - `accepted`: Postack has it; its delivery is told by events
 * - `held`: not sent, or perhaps sent, and left to a person; `heldReason` says why
 * - `rejected`: Postack will not send it
 * - `cancelled`: a person decided against it
 */
export const OUTBOX_STATUSES = ['queued', 'sending', 'accepted', 'held', 'rejected', 'cancelled'] as const;

/** One of `OUTBOX_STATUSES`. */
export type OutboxStatus = (typeof OUTBOX_STATUSES)[number];

/**
 * Why a message is held.
 *
 * - `opted-out`: the recipient said STOP
 * - `suppressed`: messages to this number do not arrive, or a person has suppressed it
 * - `opt-out-review`: the recipient may have asked not to be written to; a person has to read it (solicitations only)
 * - `own-number`: it would go to one of our own numbers
 * - `peer-budget`: the recipient has had as many replies as one may get in ten minutes, or in a day
 * - `identical-text`: the recipient has had this very text several times just now
 * - `unknown-outcome`: Postack may have it already: sending it again might send it twice
 * - `retries-exhausted`: Postack could not be reached for as long as it is tried
 */
export const HELD_REASONS = [
  'opted-out',
  'suppressed',
  'opt-out-review',
  'own-number',
  'peer-budget',
  'identical-text',
  'unknown-outcome',
  'retries-exhausted',
] as const;

/** One of `HELD_REASONS`. */
export type HeldReason = (typeof HELD_REASONS)[number];

/** How a text is encoded on the air: 160 characters a part, or 70. */
export type SmsEncoding = 'GSM-7' | 'UCS-2';

/** A message to be sent. */
export interface NewOutboxMessage {
  /** One of your numbers, as Postack knows it. */
  from: string;
  /** E.164, spaces and brackets allowed; or a short code. */
  to: string;
  text: string;
  category: SendableCategory;
  /** Two messages with one key are one message: the first one counts. At most 1,000 characters. */
  idempotencyKey: string;
  /** The `svix-id` of the event that it answers. */
  inReplyTo?: string;
  /** Not sent before. Default: at once. */
  notBefore?: Date;
  /** The recipient's IANA time zone, for quiet hours. Default: every zone of the number's country. */
  timeZone?: string;
  /** It repeats a message that failed. */
  resend?: { /** Postack's id of that message. */ of: string; /** From 1. */ attempt: number };
}

/** How to enqueue. */
export interface EnqueueOptions {
  /**
   * Of the transaction to store it in: it is sent when that commits. Default, also when this is in no transaction: one
   * of its own.
   */
  manager?: EntityManager;
}

/** What became of a message that was given to the outbox. */
export interface OutboxReceipt {
  /** `OutboxMessageEntity.id`. */
  id: string;
  /** It was there already, under the same key; nothing new is sent. */
  isDuplicate: boolean;
}

/** What keeps a message from being sent now. */
export type SendBlock =
  | { kind: 'hold'; reason: HeldReason; /** A sentence, with what a person can do. */ detail: string }
  | { kind: 'wait'; /** When it may be sent. */ until: Date; detail: string }
  | { kind: 'cancel'; /** Why it is not to be sent at all. */ detail: string };
