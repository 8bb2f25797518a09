import type { HandlerSettings } from '../listeners/handler.js';

/** The pause of a listener. */
export interface ListenerPause {
  since: Date;
  reason: string | null;
}

/** A message group (conversation or message) of an ordered listener whose first event keeps failing. */
export interface BlockedGroup {
  /** The `svix-id` of the failing event. */
  eventId: string;
  /** Number of calls for it. */
  attempts: number;
  /** Time of the first failure. */
  since: Date | null;
  nextAttemptAt: Date | null;
  /** Number of events behind it. */
  waiting: number;
}

/** Numbers of events of a listener or projection. */
export interface ListenerCounts {
  /** Jobs not yet taken, retries included, as of a few seconds ago. Approximate for an ordered listener. */
  queued: number;
  /** Events whose last call failed and that will be retried. */
  retrying: number;
  /** Dead letters. */
  dead: number;
}

/** The state of a listener or projection. */
export interface ListenerState {
  name: string;
  kind: 'listener' | 'projection';
  /** Names of the types that it subscribes to; `*` for all. */
  subscriptions: string[];
  settings: HandlerSettings;
  /** `null` when it is not paused. */
  paused: ListenerPause | null;
  counts: ListenerCounts;
  /** For an ordered listener: up to 100 blocked message groups, the longest blocked first. */
  blockedGroups: BlockedGroup[];
}
