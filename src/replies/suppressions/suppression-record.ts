import type { EntityManager } from 'typeorm';
import { tableName } from '../../table-name.js';
import { SuppressionEntity } from './suppression.entity.js';

/** What is to be recorded. */
export type SuppressionEntry = Omit<SuppressionEntity, 'removedAt' | 'removedReason'>;

/**
 * Records suppressions, in the transaction of `manager`. Of a number that is suppressed already, the longer one counts;
 * one that a person has removed comes back only for what happened after that.
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
       (excluded.since, excluded.expires_at, excluded.source, excluded.code, excluded.message_id, excluded.event_id,
        excluded.reason, NULL, NULL)
     WHERE CASE WHEN known.removed_at IS NOT NULL THEN known.removed_at < excluded.since
       ELSE coalesce(known.expires_at, 'infinity') < coalesce(excluded.expires_at, 'infinity') END
     RETURNING number`,
    [JSON.stringify(rows)],
  );
  return recorded.map(({ number }) => number);
}
