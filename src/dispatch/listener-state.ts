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
  /** Waiting for their first call. */
  pending: number;
  /** Taken by a process. */
  running: number;
  /** Failed, to be retried. */
  retrying: number;
  /** Dead letters. */
  dead: number;
}

/** The state of a listener or projection, in whichever process it runs. */
export interface ListenerState {
  name: string;
  kind: 'listener' | 'projection';
  /** Names of the types that it subscribes to; `*` for all. */
  subscriptions: string[];
  /** `null` when only other processes have it. */
  settings: HandlerSettings | null;
  /** `null` when it is not paused. */
  paused: ListenerPause | null;
  counts: ListenerCounts;
  /** How long the delivery has been due that has waited longest; `null` when none is due. */
  oldestPendingSeconds: number | null;
  /** For an ordered listener: up to 100 blocked message groups, the longest blocked first. */
  blockedGroups: BlockedGroup[];
  /** Ids of the running processes that have it: see `GET /api/v1/workers`. */
  workers: string[];
  /** The last time that a running process had it, to the minute. */
  declaredAt: Date;
}

/** A running process that dispatches and calls listeners. */
export interface WorkerState {
  id: string;
  /** Name of its machine or container. */
  host: string;
  /** Process id on that machine. */
  pid: number;
  role: 'all' | 'accept' | 'work';
  /** Version of this package. */
  version: string;
  /** Names of its listeners and projections. */
  handlers: string[];
  /** Open database connections, as of the last heartbeat. */
  connections: number;
  startedAt: Date;
  heartbeatAt: Date;
}
