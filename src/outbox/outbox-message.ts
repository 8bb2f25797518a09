import type { EntityManager } from 'typeorm';

/**
 * Purpose of an outbound message; determines which send rules apply.
 *
 * - `reply`: answers a customer's message; the loop guard applies
 * - `confirmation`: the one confirmation of an opt-out, sent despite it; only this package sends these
 * - `notification`: expected by its recipient, such as a shipping notice or a code
 * - `solicitation`: marketing; quiet hours apply
 */
export const OUTBOX_CATEGORIES = ['reply', 'confirmation', 'notification', 'solicitation'] as const;

/** One of `OUTBOX_CATEGORIES`. */
export type OutboxCategory = (typeof OUTBOX_CATEGORIES)[number];

/** The categories that can be enqueued: all but `confirmation`. */
export const SENDABLE_CATEGORIES = ['reply', 'notification', 'solicitation'] as const;

/** One of `SENDABLE_CATEGORIES`. */
export type SendableCategory = (typeof SENDABLE_CATEGORIES)[number];

/**
 * Status of an outbound message in this backend.
 *
 * - `queued`: waiting to be sent, or to be retried
 * - `sending`: a request to Postack is under way
 * - `accepted`: Postack has accepted it; events report its delivery
 * - `held`: not sent, or of unknown outcome; an operator decides. `heldReason` says why
 * - `rejected`: Postack has rejected it permanently
 * - `cancelled`: an operator or a send rule decided against it
 */
export const OUTBOX_STATUSES = ['queued', 'sending', 'accepted', 'held', 'rejected', 'cancelled'] as const;

/** One of `OUTBOX_STATUSES`. */
export type OutboxStatus = (typeof OUTBOX_STATUSES)[number];

/**
 * Why a message is held.
 *
 * - `opted-out`: the recipient has opted out
 * - `suppressed`: the recipient's number is suppressed: messages to it fail, or an operator has suppressed it
 * - `opt-out-review`: the recipient may have asked to opt out, and an operator has to decide (solicitations only)
 * - `own-number`: the recipient is one of your own numbers
 * - `peer-budget`: the recipient has received the maximum number of replies within ten minutes or a day
 * - `identical-text`: the recipient has received the same text too often within ten minutes
 * - `unknown-outcome`: Postack may have it already; sending it again could deliver it twice
 * - `retries-exhausted`: Postack did not accept it within a day of retries
 * - `no-api-key`: it is a reply, and no API key of Postack is configured
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
  'no-api-key',
] as const;

/** One of `HELD_REASONS`. */
export type HeldReason = (typeof HELD_REASONS)[number];

/** Encoding of a text: 160 characters (GSM-7) or 70 (UCS-2) fit into one segment. */
export type SmsEncoding = 'GSM-7' | 'UCS-2';

/** A message to be sent. */
export interface NewOutboxMessage {
  /** One of your numbers, as Postack knows it. */
  from: string;
  /** E.164, spaces and brackets allowed; or a short code. */
  to: string;
  text: string;
  category: SendableCategory;
  /** Of several messages with the same key, only the first is sent. 1 to 1,000 characters. */
  idempotencyKey: string;
  /** The `svix-id` of the event that the message answers. */
  inReplyTo?: string;
  /** Earliest time to send it. Default: now. */
  notBefore?: Date;
  /** The recipient's IANA time zone, for quiet hours. Default: every zone of the number's country. */
  timeZone?: string;
  /** Set when the message resends one that failed. */
  resend?: { /** Postack's id of the failed message. */ of: string; /** From 1. */ attempt: number };
}

/** Options of `Outbox.enqueue`. */
export interface EnqueueOptions {
  /**
   * Manager of the transaction to store the message in; the message is sent once that commits. Default, and for a
   * manager without an active transaction: a transaction of its own.
   */
  manager?: EntityManager;
}

/** Result of `Outbox.enqueue`. */
export interface OutboxReceipt {
  /** `OutboxMessageEntity.id`. */
  id: string;
  /** Whether a message with the same key existed already; then nothing new is sent. */
  isDuplicate: boolean;
}

/** Whether a message answers one that came in. */
export function isAnswer(category: OutboxCategory): boolean {
  return category === 'reply' || category === 'confirmation';
}

/** What can be sent to: E.164 or a short code. */
export const RECIPIENT = /^(?:\+[1-9]\d{4,14}|\d{3,8})$/;

/**
 * Why a send rule blocks a message, and what follows: hold it for an operator, defer it, or cancel it. `detail` is a
 * sentence for operators.
 */
export type SendBlock =
  | { kind: 'hold'; reason: HeldReason; detail: string }
  | { kind: 'defer'; /** When the message may be sent. */ until: Date; detail: string }
  | { kind: 'cancel'; detail: string };
