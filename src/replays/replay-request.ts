import type { EventStatus } from '../dispatch/outcomes/event-status.js';
import { InvalidReplayError } from '../dispatch/dispatch-errors.js';
import type { ReplayEntity, ReplayKind, ReplayState } from './replay.entity.js';

/** How a replay is to be run. */
export interface ReplayPacing {
  /** Only count what matches, and change nothing. Default false. */
  dryRun?: boolean;
  /** Events a second at most, a whole number from 1 to 10,000. Default 100. */
  ratePerSecond?: number;
}

/** Which events a backfill is about. */
export interface BackfillRequest extends ReplayPacing {
  /** Only this type, as Postack writes it. */
  type?: string;
  /** Received at or after. */
  since?: Date;
  /** Received before. */
  until?: Date;
}

/** Which dead letters to have tried again. */
export interface RedriveRequest extends BackfillRequest {
  /** Only those of this listener or projection. */
  listener?: string;
}

/** Which stored events to hand out again. */
export interface ReplayRequest extends BackfillRequest {
  /** Only to this listener. Default: all that are subscribed to the event's type now. */
  listener?: string;
  /** Only events of this status. */
  status?: EventStatus;
}

/** What came of a request for a replay. */
export interface ReplayReceipt {
  /** How many events match. */
  matched: number;
  /** How many of them are going to be handed out: all, or 0 after a dry run. */
  scheduled: number;
  /** For `Replays.find`; `null` when there is nothing to follow: a dry run, no match, or one event done at once. */
  replayId: string | null;
}

/** A replay and how far it has got. */
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
  /** How many events matched when it was asked for. */
  matched: number;
  /** How many have been handed out so far; less than `matched` in the end if some have ceased to match meanwhile. */
  scheduled: number;
  /** Why it is not getting on, at the moment; it goes on by itself. */
  error: string | null;
  createdAt: Date;
  updatedAt: Date;
}

/** What a replay is about, as it is stored. */
export type ReplaySpec = Pick<
  ReplayEntity,
  'kind' | 'endpoint' | 'listener' | 'type' | 'status' | 'since' | 'until' | 'ratePerSecond'
>;

const DEFAULT_RATE_PER_SECOND = 100;
const MAX_RATE_PER_SECOND = 10_000;

/** @throws {InvalidReplayError} when the rate is impossible. */
export function replaySpec(kind: ReplayKind, endpoint: string, request: ReplayRequest): ReplaySpec {
  const ratePerSecond = request.ratePerSecond ?? DEFAULT_RATE_PER_SECOND;
  if (!Number.isInteger(ratePerSecond) || ratePerSecond < 1 || ratePerSecond > MAX_RATE_PER_SECOND) {
    throw new InvalidReplayError(`ratePerSecond must be a whole number from 1 to ${MAX_RATE_PER_SECOND}`);
  }
  return {
    kind,
    endpoint,
    listener: request.listener ?? null,
    type: request.type ?? null,
    status: request.status ?? null,
    since: request.since ?? null,
    until: request.until ?? null,
    ratePerSecond,
  };
}

/** What is told of a replay. */
export function replayOf(row: ReplayEntity): Replay {
  const { id, kind, state, listener, type, status, since, until, ratePerSecond } = row;
  const { error, createdAt, updatedAt } = row;
  const counts = { matched: Number(row.matched), scheduled: Number(row.scheduled) };
  return {
    ...{ id, kind, state, listener, type, status, since, until, ratePerSecond },
    ...{ ...counts, error, createdAt, updatedAt },
  };
}
