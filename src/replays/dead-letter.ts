import type { PageRequest } from '../database/keyset-page.js';
import type { JsonValue } from '../events/json.js';
import type { DeliveryReason } from '../listeners/listener-context.js';
import type { RecordedError } from '../dispatch/outcomes/recorded-error.js';

/** An event for which a listener or projection has failed permanently. */
export interface DeadLetter {
  /** The `svix-id`. */
  eventId: string;
  /** Name of the listener or projection. */
  handler: string;
  /** `null` when the application no longer has a handler of this name: the dead letter can only be discarded. */
  kind: 'listener' | 'projection' | null;
  /** The type as sent by Postack. */
  type: string | null;
  occurredAt: Date;
  receivedAt: Date;
  /** Number of calls in the last delivery. */
  attempts: number;
  /** Why the last delivery was made. */
  reason: DeliveryReason;
  /** Time of the last failure; for a discarded one, time of the discard. */
  settledAt: Date;
  firstError: RecordedError | null;
  lastError: RecordedError | null;
}

/** A dead letter with the payload of its event. */
export interface DeadLetterDetail extends DeadLetter {
  status: 'dead' | 'discarded';
  /** As given by the operator who discarded it. */
  discardReason: string | null;
  /** The parsed body; its text when it is not a JSON object; `null` once retention has removed it. */
  payload: JsonValue;
}

/** Which dead letters to list. */
export interface DeadLetterFilter extends PageRequest {
  /** Only of this listener or projection. */
  listener?: string;
  /** Only events of this type, as sent by Postack. */
  type?: string;
  /** Received at or after. */
  since?: Date;
  /** Received before. */
  until?: Date;
}
