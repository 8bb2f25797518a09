import type { PostackDatabase } from '../../database/postack-database.js';
import type { AnyPostackEvent } from '../../events/event-types.js';
import { isIgnored } from '../../events/unknown-postack.event.js';
import type { EventRoute } from '../../listeners/subscriptions.js';
import { DeliveryEntity } from './delivery.entity.js';

/**
 * The status of an event, over all its projections and listeners.
 *
 * - `pending`: stored, but not dispatched yet, or a listener has not been called yet
 * - `done`: every projection and listener has succeeded, or its dead letter was discarded; or the event itself was
 * - `retrying`: one has failed, and will be retried
 * - `dead`: one has a dead letter
 * - `unhandled`: no listener or projection subscribes to its type
 * - `quarantined`: authentic, but cannot be parsed as an event
 */
export const EVENT_STATUSES = ['pending', 'done', 'retrying', 'dead', 'quarantined', 'unhandled'] as const;

/** One of `EVENT_STATUSES`. */
export type EventStatus = (typeof EVENT_STATUSES)[number];

/** The state of an event once it is dispatched to these subscribers. */
export function dispatchedStatus(
  event: AnyPostackEvent,
  { projections, listeners }: EventRoute,
): 'dispatched' | 'unhandled' {
  return projections.length + listeners.length > 0 || isIgnored(event) ? 'dispatched' : 'unhandled';
}

/** SQL for the status of the inbox row `alias`: the worst status of its deliveries. */
export function eventStatusSql(database: PostackDatabase, alias: string): string {
  return `CASE WHEN ${alias}.discard_reason IS NOT NULL THEN 'done'
    WHEN ${alias}.status <> 'dispatched' THEN ${alias}.status ELSE (
    SELECT CASE
      WHEN bool_or(d.status = 'dead') THEN 'dead'
      WHEN bool_or(d.status = 'retrying' OR d.status = 'running' AND d.attempts > 0) THEN 'retrying'
      WHEN bool_or(d.status IN ('pending', 'running')) THEN 'pending'
      ELSE 'done' END
    FROM ${database.table(DeliveryEntity)} d WHERE d.event_id = ${alias}.id) END`;
}

/**
 * SQL for whether the inbox row `alias` is settled: each of its deliveries is `done` or `discarded`, or it has none. One that
 * is quarantined or unhandled is not, unless an operator has discarded it.
 */
export function settledSql(database: PostackDatabase, alias: string): string {
  return `(${alias}.status = 'dispatched' OR ${alias}.discard_reason IS NOT NULL) AND NOT EXISTS (
    SELECT 1 FROM ${database.table(DeliveryEntity)} d
    WHERE d.event_id = ${alias}.id AND d.status NOT IN ('done', 'discarded'))`;
}
