import type { PageRequest } from '../database/keyset-page.js';
import type { JsonValue } from '../events/json.js';
import type { DeliveryReason } from '../listeners/listener-context.js';
import type { RecordedError } from '../dispatch/outcomes/recorded-error.js';

/** An event for which a listener, or a projection, has failed for the last time. */
export interface DeadLetter {
  /** The `svix-id`. */
  eventId: string;
  /** Name of the listener or projection. */
  handler: string;
  /** `null` when this application has no handler of that name any more: it can only be discarded. */
  kind: 'listener' | 'projection' | null;
  /** The type as Postack wrote it. */
  type: string | null;
  occurredAt: Date;
  receivedAt: Date;
  /** How often the handler was called for it, in its last delivery. */
  attempts: number;
  /** Why it was delivered, the last time. */
  reason: DeliveryReason;
  /** When the handler failed for the last time; for a discarded one, when it was discarded. */
  settledAt: Date;
  firstError: RecordedError | null;
  lastError: RecordedError | null;
}

/** A dead letter with all that is known of it. */
export interface DeadLetterDetail extends DeadLetter {
  status: 'dead' | 'discarded';
  /** Why it was discarded, in the words of whoever did. */
  discardReason: string | null;
  /** The body, parsed; when it is no JSON object, its text; `null` once retention has removed it. */
  payload: JsonValue;
}

/** What to list. */
export interface DeadLetterFilter extends PageRequest {
  /** Only those of this listener or projection. */
  listener?: string;
  /** Only events of this type, as Postack writes it. */
  type?: string;
  /** Received at or after. */
  since?: Date;
  /** Received before. */
  until?: Date;
}
