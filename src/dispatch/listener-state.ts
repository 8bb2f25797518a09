import type { HandlerSettings } from '../listeners/handler.js';

/** Why and since when a listener takes no events. */
export interface ListenerPause {
  since: Date;
  reason: string | null;
}

/** A conversation, or a message, of an ordered listener that does not get on: its first event keeps retrying. */
export interface BlockedGroup {
  /** The `svix-id` of the event that fails. */
  eventId: string;
  /** How often the listener has been called for it. */
  attempts: number;
  /** When it failed for the first time. */
  since: Date | null;
  nextAttemptAt: Date | null;
  /** How many events wait behind it. */
  waiting: number;
}

/** How many events a listener, or a projection, has before it or has failed for. */
export interface ListenerCounts {
  /** Jobs that wait to be taken, retries included, as of a few seconds ago; of an ordered listener about that. */
  queued: number;
  /** Events that it has failed for, and will be called for again. */
  retrying: number;
  /** Events that it has failed for, for the last time. */
  dead: number;
}

/** A listener or projection, and how it stands. */
export interface ListenerState {
  name: string;
  kind: 'listener' | 'projection';
  /** Names of the types that it is subscribed to; `*` for all. */
  subscriptions: string[];
  settings: HandlerSettings;
  /** `null` when it is not paused. */
  paused: ListenerPause | null;
  counts: ListenerCounts;
  /** Of an ordered listener: up to 100 lines that wait for an event that keeps retrying, longest first. */
  parked: BlockedGroup[];
}
