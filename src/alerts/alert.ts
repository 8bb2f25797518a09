import type { JsonObject } from '../events/json.js';

/**
 * What an alert is about.
 *
 * - `silence`: no event has come in for longer than usual
 * - `no-receipts`: messages are sent, and no receipt tells of any of them
 * - `failure`: messages fail for a reason that a person has to mend
 */
export const ALERT_KINDS = ['silence', 'no-receipts', 'failure'] as const;

/** One of `ALERT_KINDS`. */
export type AlertKind = (typeof ALERT_KINDS)[number];

/** `open` until it is over, then `resolved`. */
export const ALERT_STATES = ['open', 'resolved'] as const;

/** One of `ALERT_STATES`. */
export type AlertState = (typeof ALERT_STATES)[number];

/** `off` when none is configured; `failed` when it has been tried for the last time. */
export type AlertWebhookState = 'off' | 'pending' | 'delivered' | 'failed';

/** Something that was noticed. */
export interface NewAlert {
  kind: AlertKind;
  /** Noticed again under the same kind and key, it is the same alert. */
  key: string;
  /** A sentence, with what a person can do; without texts and phone numbers. */
  summary: string;
  details?: JsonObject;
}
