import type { EntityManager } from 'typeorm';
import { tableName } from '../database/table-name.js';
import { SuppressionEntity } from './suppression.entity.js';

/** What is to be recorded. */
export type SuppressionEntry = Omit<SuppressionEntity, 'removedAt' | 'removedReason'>;

const END = (row: 'known' | 'excluded') => `coalesce(${row}.expires_at, 'infinity')`;

/** A person decides what a failure has decided before. */
const IS_TAKEN_OVER = `(known.removed_at IS NULL AND known.source = 'failure' AND excluded.source <> 'failure')`;

/**
 * Records suppressions, in the transaction of `manager`. Of a number that is suppressed already, the longer one counts;
 * but what a person has decided stays theirs, and is never shortened by the failure that was there before. One that was
 * removed comes back only for what happened after that.
 *
 * @param entries Of different numbers.
 * @returns the numbers of those that were recorded.
 */
export async function recordSuppressions(
  entries: readonly SuppressionEntry[],
  manager: EntityManager,
): Promise<string[]> {
  const table = tableName(manager.dataSource, SuppressionEntity);
  const columns = 'number, since, expires_at, source, code, message_id, event_id, reason';
  const rows = entries
    .map(({ expiresAt, messageId, eventId, ...entry }) => ({
      ...entry,
      expires_at: expiresAt,
      message_id: messageId,
      event_id: eventId,
    }))
    .sort((a, b) => (a.number < b.number ? -1 : 1));
  const recorded: { number: string }[] = await manager.query(
    `INSERT INTO ${table} AS known (${columns})
     SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, $1)
     ON CONFLICT (number) DO UPDATE SET
       (since, expires_at, source, code, message_id, event_id, reason, removed_at, removed_reason) =
       (excluded.since, CASE WHEN ${IS_TAKEN_OVER} THEN nullif(greatest(${END('known')}, ${END('excluded')}), 'infinity')
          ELSE excluded.expires_at END, excluded.source, excluded.code, excluded.message_id, excluded.event_id,
        excluded.reason, NULL, NULL)
     WHERE CASE WHEN known.removed_at IS NOT NULL THEN known.removed_at < excluded.since
       WHEN ${IS_TAKEN_OVER} THEN true
       WHEN known.source <> 'failure' AND excluded.source = 'failure' AND ${END('known')} > now() THEN false
       ELSE ${END('known')} < ${END('excluded')} END
     RETURNING number`,
    [JSON.stringify(rows)],
  );
  return recorded.map(({ number }) => number);
}

/** The carriers' code for a recipient who has opted out there, or at Postack. */
export const OPTED_OUT_CODE = '21610';

/**
 * Ends suppressions of numbers that have opted in again since a carrier has said that they had opted out, in the
 * transaction of `manager`.
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

/** Ends suppressions that rest on failures; those of persons are theirs to end. */
export async function liftSuppressions(
  manager: EntityManager,
  where: string,
  values: readonly unknown[],
  reason: string,
): Promise<void> {
  await manager.query(
    `UPDATE ${tableName(manager.dataSource, SuppressionEntity)} AS known
     SET removed_at = date_trunc('milliseconds', clock_timestamp()), removed_reason = $${values.length + 1}
     WHERE known.source = 'failure' AND known.removed_at IS NULL AND ${where}`,
    [...values, reason],
  );
}
