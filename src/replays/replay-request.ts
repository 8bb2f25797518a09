import type { EventStatus } from '../dispatch/outcomes/event-status.js';
import type { ReplayEntity, ReplayKind, ReplayState } from './replay.entity.js';
import { InvalidReplayError } from './replay-errors.js';

/** How to run a replay. */
export interface ReplayPacing {
  /** Only count the matching events. Default `false`. */
  dryRun?: boolean;
  /** Maximum number of events a second. A whole number from 1 to 10,000. Default 100. */
  ratePerSecond?: number;
}

/** Which events to backfill. */
export interface BackfillRequest extends ReplayPacing {
  /** Only events of this type, as sent by Postack. */
  type?: string;
  /** Received at or after. */
  since?: Date;
  /** Received before. */
  until?: Date;
  /** Only events of the endpoint of this name. Default: of all. */
  endpoint?: string;
}

/** Which dead letters to redrive. */
export interface RedriveRequest extends BackfillRequest {
  /** Only of this listener or projection. */
  listener?: string;
}

/** Which stored events to read again with the mapping of now. */
export interface ReinterpretRequest extends BackfillRequest {
  /** Only events of this status. */
  status?: EventStatus;
  /** Names of the listeners that get the events that are read otherwise; `['*']` for all. Default: none. */
  listeners?: readonly string[];
  /** Whether listeners may reply to events that are older than an hour. Default `false`. */
  answerOld?: boolean;
}

/** The response to such a request. */
export interface ReinterpretReceipt {
  /** Number of matching events. */
  matched: number;
  /** Number of those that are read otherwise now. */
  changed: number;
  /** For `Replays.find`; `null` for a dry run, and if there are none. */
  replayId: string | null;
}

/** Which stored events to replay. */
export interface ReplayRequest extends BackfillRequest {
  /** Only to this listener. Default: all that currently subscribe to the type of the event. */
  listener?: string;
  /** Only events of this status. */
  status?: EventStatus;
}

/** The response to a request for a replay. */
export interface ReplayReceipt {
  /** Number of matching events. */
  matched: number;
  /** Number of events that will be redelivered: all that match, or 0 for a dry run. */
  scheduled: number;
  /** For `Replays.find`; `null` for a dry run, without a match, and for a single event (redelivered at once). */
  replayId: string | null;
}

/** A replay with its progress. */
export interface Replay {
  id: string;
  kind: ReplayKind;
  state: ReplayState;
  listener: string | null;
  type: string | null;
  status: EventStatus | null;
  since: Date | null;
  until: Date | null;
  ratePerSecond: number;
  /** Number of events that matched when it was created. */
  matched: number;
  /** For `reinterpret`: number of events that were read otherwise when it was created; else `null`. */
  changed: number | null;
  /** For `reinterpret`: the listeners that get them; else `null`. */
  listeners: string[] | null;
  /** Number of events redelivered, or read otherwise, so far. Ends below `matched` if some events no longer match when it reaches them. */
  scheduled: number;
  /** Last error, while the replay is stalled. It is retried automatically. */
  error: string | null;
  createdAt: Date;
  updatedAt: Date;
}

/** The filter and rate of a replay, as stored. */
export type ReplaySpec = Pick<
  ReplayEntity,
  | 'kind'
  | 'endpoint'
  | 'listener'
  | 'type'
  | 'status'
  | 'since'
  | 'until'
  | 'ratePerSecond'
  | 'listeners'
  | 'answerOld'
>;

const DEFAULT_RATE_PER_SECOND = 100;
const MAX_RATE_PER_SECOND = 10_000;

/** @throws {InvalidReplayError} when the rate is out of range. */
export function replaySpec(kind: ReplayKind, request: ReplayRequest & ReinterpretRequest): ReplaySpec {
  const ratePerSecond = request.ratePerSecond ?? DEFAULT_RATE_PER_SECOND;
  if (!Number.isInteger(ratePerSecond) || ratePerSecond < 1 || ratePerSecond > MAX_RATE_PER_SECOND) {
    throw new InvalidReplayError(`ratePerSecond must be a whole number from 1 to ${MAX_RATE_PER_SECOND}`);
  }
  return {
    kind,
    endpoint: request.endpoint ?? null,
    listener: request.listener ?? null,
    type: request.type ?? null,
    status: request.status ?? null,
    since: request.since ?? null,
    until: request.until ?? null,
    ratePerSecond,
    listeners: kind === 'reinterpret' ? [...(request.listeners ?? [])] : null,
    answerOld: request.answerOld ?? false,
  };
}

export function replayOf(row: ReplayEntity): Replay {
  const { id, kind, state, listener, type, status, since, until, ratePerSecond } = row;
  const { error, createdAt, updatedAt } = row;
  const counts = {
    matched: Number(row.matched),
    changed: row.changed === null ? null : Number(row.changed),
    scheduled: Number(row.scheduled),
  };
  return {
    ...{ id, kind, state, listener, type, status, since, until, ratePerSecond },
    ...{ ...counts, listeners: row.listeners, error, createdAt, updatedAt },
  };
}
