import type { JsonObject } from '../events/json.js';

/**
 * Kinds of alerts.
 *
 * - `silence`: no event has arrived for longer than usual
 * - `no-receipts`: messages are sent, but no delivery receipt arrives for any of them
 * - `failure`: messages fail for a cause that needs manual action
 * - `unrecognized-events`: events come in that cannot be read, or whose type is unknown
 */
export const ALERT_KINDS = ['silence', 'no-receipts', 'failure', 'unrecognized-events'] as const;

/** One of `ALERT_KINDS`. */
export type AlertKind = (typeof ALERT_KINDS)[number];

/** `open` while the problem lasts, then `resolved`. */
export const ALERT_STATES = ['open', 'resolved'] as const;

/** One of `ALERT_STATES`. */
export type AlertState = (typeof ALERT_STATES)[number];

/** `off`: no webhook is configured; `failed`: all attempts failed. */
export type AlertWebhookState = 'off' | 'pending' | 'delivered' | 'failed';

/** An alert to be raised. */
export interface NewAlert {
  kind: AlertKind;
  /** An open alert of the same kind and key is updated instead of raising a second one. */
  key: string;
  /** What is wrong and what to do about it, without texts and phone numbers. */
  summary: string;
  details?: JsonObject;
}
