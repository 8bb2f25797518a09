import type { EntityManager } from 'typeorm';
import { runPreparedSql, runSql } from '../database/run-sql.js';
import { tableName } from '../database/table-name.js';
import { SuppressionEntity } from './suppression.entity.js';

/** A suppression to record. */
export type SuppressionEntry = Omit<SuppressionEntity, 'removedAt' | 'removedReason'>;

const END = (row: 'known' | 'excluded') => `coalesce(${row}.expires_at, 'infinity')`;

/** An operator suppresses a number that a failure has suppressed before. */
const IS_TAKEN_OVER = `(known.removed_at IS NULL AND known.source = 'failure' AND excluded.source <> 'failure')`;

const COLUMNS = 'number, since, expires_at, source, code, message_id, event_id, reason';

/** Inserts or replaces suppressions, except where the known one prevails; see `recordSuppressions`. */
const recordSuppressionsSql = (suppressions: string) => `
  INSERT INTO ${suppressions} AS known (${COLUMNS})
  SELECT ${COLUMNS} FROM jsonb_populate_recordset(NULL::${suppressions}, $1)
  ON CONFLICT (number) DO UPDATE SET
    (since, expires_at, source, code, message_id, event_id, reason, removed_at, removed_reason) =
    (excluded.since, CASE WHEN ${IS_TAKEN_OVER} THEN nullif(greatest(${END('known')}, ${END('excluded')}), 'infinity')
       ELSE excluded.expires_at END, excluded.source, excluded.code, excluded.message_id, excluded.event_id,
     excluded.reason, NULL, NULL)
  WHERE CASE WHEN known.removed_at IS NOT NULL THEN known.removed_at < excluded.since
    WHEN ${IS_TAKEN_OVER} THEN true
    WHEN known.source <> 'failure' AND excluded.source = 'failure' AND ${END('known')} > now() THEN false
    ELSE ${END('known')} < ${END('excluded')} END
  RETURNING number`;

/**
 * Records suppressions in the transaction of `manager`.
 *
 * Of two suppressions of a number, the longer one counts, but a failure never replaces an operator's suppression while
 * that is in effect, and an operator's suppression never shortens one caused by a failure. A number whose suppression was
 * removed is only suppressed again by something that happened after the removal.
 *
 * @param entries Of different numbers.
 * @returns the numbers whose suppression was recorded.
 */
export async function recordSuppressions(
  entries: readonly SuppressionEntry[],
  manager: EntityManager,
): Promise<string[]> {
  const rows = entries
    .map(({ expiresAt, messageId, eventId, ...entry }) => ({
      ...entry,
      expires_at: expiresAt,
      message_id: messageId,
      event_id: eventId,
    }))
    // Always in the same order, so that concurrent transactions cannot deadlock.
    .sort((a, b) => (a.number < b.number ? -1 : 1));
  const recorded: { number: string }[] = await runSql(
    manager,
    recordSuppressionsSql(tableName(manager, SuppressionEntity)),
    [JSON.stringify(rows)],
  );
  return recorded.map(({ number }) => number);
}

/** The carriers' code for a recipient who has opted out there, or at Postack. */
export const OPTED_OUT_CODE = '21610';

/**
 * Ends, in the transaction of `manager`, suppressions for an opt-out at the carrier of numbers that have opted in again
 * since.
 */
export async function liftOptedIn(
  entries: readonly { peer: string; occurredAt: Date }[],
  manager: EntityManager,
): Promise<void> {
  const peers = entries.map(({ peer }) => peer);
  const times = entries.map(({ occurredAt }) => occurredAt.toISOString());
  await liftSuppressions(
    manager,
    `known.code = '${OPTED_OUT_CODE}' AND EXISTS (
       SELECT FROM unnest($1::text[], $2::timestamptz[]) AS entry (peer, at) WHERE peer = known.number AND at >= known.since
     )`,
    [peers, times],
    'The recipient has opted in again',
  );
}

/**
 * Ends, in the transaction of `manager`, the suppressions of numbers that have proved to be reachable since: a message came
 * from there, or arrived there. An opt-out at the carrier stays.
 */
export async function liftReachable(
  reachable: readonly { number: string; at: Date }[],
  manager: EntityManager,
): Promise<void> {
  const suppressions = tableName(manager, SuppressionEntity);
  await runPreparedSql(
    manager,
    `UPDATE ${suppressions} SET removed_at = date_trunc('milliseconds', clock_timestamp()),
       removed_reason = 'The number is reachable: a message came from there, or arrived'
     WHERE number IN (
       SELECT known.number FROM ${suppressions} AS known JOIN unnest($1::text[], $2::timestamptz[]) AS one (number, at) USING (number)
       WHERE known.source = 'failure' AND known.removed_at IS NULL AND known.code IS DISTINCT FROM '${OPTED_OUT_CODE}'
         AND one.at > known.since
       ORDER BY known.number FOR UPDATE OF known
     )`,
    [reachable.map(({ number }) => number), reachable.map(({ at }) => at.toISOString())],
  );
}

/** Ends suppressions caused by failures that match `where`. Operators end their own. */
export async function liftSuppressions(
  manager: EntityManager,
  where: string,
  values: readonly unknown[],
  reason: string,
): Promise<void> {
  await runSql(
    manager,
    `UPDATE ${tableName(manager, SuppressionEntity)} AS known
     SET removed_at = date_trunc('milliseconds', clock_timestamp()), removed_reason = $${values.length + 1}
     WHERE known.source = 'failure' AND known.removed_at IS NULL AND ${where}`,
    [...values, reason],
  );
}
