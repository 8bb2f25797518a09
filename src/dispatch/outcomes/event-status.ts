import type { PostackDatabase } from '../../database/postack-database.js';
import { HandlerOutcomeEntity } from './handler-outcome.entity.js';

/**
 * What a person wants to know of an event.
 *
 * - `pending`: stored; not dispatched yet, or a listener has not been called yet
 * - `done`: every projection and listener has succeeded, or a person has discarded its dead letter
 * - `retrying`: one has failed, and will be tried again
 * - `dead`: one has failed for the last time
 * - `unhandled`: nothing is subscribed to its type
 * - `quarantined`: authentic, but not an event
 */
export const EVENT_STATUSES = ['pending', 'done', 'retrying', 'dead', 'quarantined', 'unhandled'] as const;

/** One of `EVENT_STATUSES`. */
export type EventStatus = (typeof EVENT_STATUSES)[number];

/** SQL that computes the status of the inbox row `alias`: the worst of its handlers counts. */
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
 * SQL for whether the inbox row `alias` is settled: whatever it was handed to has succeeded with it or was discarded,
 * or it is handed to nobody. One look at its outcomes, however many others are unsettled.
 */
export function settledSql(database: PostackDatabase, alias: string): string {
  const outcome = database.table(HandlerOutcomeEntity);
  return `${alias}.status <> 'pending' AND (
    SELECT bool_and(o.status IN ('done', 'discarded')) IS NOT FALSE
      AND count(*) FILTER (WHERE o.handler = ANY (${alias}.listeners)) >= coalesce(cardinality(${alias}.listeners), 0)
    FROM ${outcome} o WHERE o.event_id = ${alias}.id)`;
}
