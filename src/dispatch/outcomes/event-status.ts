import type { PostackDatabase } from '../../database/postack-database.js';
import { HandlerOutcomeEntity } from './handler-outcome.entity.js';

/**
 * The status of an event, over all its projections and listeners.
 *
 * - `pending`: stored, but not dispatched yet, or a listener has not been called yet
 * - `done`: every projection and listener has succeeded, or its dead letter was discarded
 * - `retrying`: one has failed, and will be retried
 * - `dead`: one has a dead letter
 * - `unhandled`: no listener or projection subscribes to its type
 * - `quarantined`: authentic, but cannot be parsed as an event
 */
export const EVENT_STATUSES = ['pending', 'done', 'retrying', 'dead', 'quarantined', 'unhandled'] as const;

/** One of `EVENT_STATUSES`. */
export type EventStatus = (typeof EVENT_STATUSES)[number];

/** SQL for the status of the inbox row `alias`: the worst status of its handlers. */
export function eventStatusSql(database: PostackDatabase, alias: string): string {
  const outcome = database.table(HandlerOutcomeEntity);
  const any = (status: string) =>
    `EXISTS (SELECT 1 FROM ${outcome} o WHERE o.event_id = ${alias}.id AND o.status = '${status}')`;
  return `CASE
    WHEN ${alias}.status <> 'dispatched' THEN ${alias}.status
    WHEN ${any('dead')} THEN 'dead'
    WHEN ${any('retrying')} THEN 'retrying'
    WHEN ${any('pending')} THEN 'pending'
    WHEN (SELECT count(*) FROM ${outcome} o WHERE o.event_id = ${alias}.id AND o.status IN ('done', 'discarded')
      AND o.handler = ANY (${alias}.listeners)) < cardinality(${alias}.listeners) THEN 'pending'
    ELSE 'done' END`;
}

/**
 * SQL for whether the inbox row `alias` is settled: every handler that it was dispatched to is `done` or `discarded`, or
 * it has none. Reads only the outcomes of this row, so its cost does not grow with the number of unsettled events.
 */
export function settledSql(database: PostackDatabase, alias: string): string {
  const outcome = database.table(HandlerOutcomeEntity);
  return `${alias}.status <> 'pending' AND (
    SELECT bool_and(o.status IN ('done', 'discarded')) IS NOT FALSE
      AND count(*) FILTER (WHERE o.handler = ANY (${alias}.listeners)) >= coalesce(cardinality(${alias}.listeners), 0)
    FROM ${outcome} o WHERE o.event_id = ${alias}.id)`;
}
