import type { EntityManager } from 'typeorm';
import { tableName } from '../database/table-name.js';
import { MessageFailureEntity } from './message-failure.entity.js';

/** What is to be recorded. */
export type FailureReport = Pick<
  MessageFailureEntity,
  'messageId' | 'state' | 'source' | 'code' | 'causeClass' | 'from' | 'to' | 'failedAt' | 'eventId'
>;

/**
 * Records failures in the transaction of `manager`, in one statement. What is recorded of a message already is replaced;
 * it is reacted to anew when it is in another state, has another code, or tells its number for the first time, and what a
 * person has acknowledged stays so.
 *
 * @param reports About different messages.
 */
export async function recordFailures(
  reports: readonly FailureReport[],
  manager: EntityManager,
): Promise<void> {
  const table = tableName(manager.dataSource, MessageFailureEntity);
  const columns = 'message_id, state, source, code, cause_class, from_number, to_number, failed_at, event_id';
  // In key order, so that two processes with overlapping batches wait for each other, not both.
  const rows = reports
    .toSorted((a, b) => (a.messageId < b.messageId ? -1 : 1))
    .map(({ messageId, causeClass, from, to, failedAt, eventId, ...report }) => ({
      ...report,
      message_id: messageId,
      cause_class: causeClass,
      from_number: from,
      to_number: to,
      failed_at: failedAt,
      event_id: eventId,
    }));
  // A rejection is another one each time. Without a number, nothing could be done about it.
  const isSame = `(known.state, known.code) IS NOT DISTINCT FROM (excluded.state, excluded.code)
    AND excluded.source <> 'rejection' AND (known.to_number IS NOT NULL OR excluded.to_number IS NULL)`;
  const unlessChanged = (column: string) => `CASE WHEN ${isSame} THEN known.${column} END`;
  await manager.query(
    `INSERT INTO ${table} AS known (${columns})
     SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, $1)
     ON CONFLICT (message_id) DO UPDATE SET
       (state, source, code, cause_class, from_number, to_number, failed_at, event_id,
        reactions, reacted_at, resend_refusal) =
       (excluded.state, excluded.source, excluded.code, excluded.cause_class,
        coalesce(excluded.from_number, known.from_number), coalesce(excluded.to_number, known.to_number),
        excluded.failed_at, excluded.event_id,
        ${unlessChanged('reactions')}, ${unlessChanged('reacted_at')}, ${unlessChanged('resend_refusal')})`,
    [JSON.stringify(rows)],
  );
}
