import { In, Not, type EntityManager } from 'typeorm';
import { runSql } from '../database/run-sql.js';
import { tableName } from '../database/table-name.js';
import { MessageFailureEntity } from './message-failure.entity.js';

/** A failure as it was reported. */
export type FailureReport = Pick<
  MessageFailureEntity,
  'messageId' | 'state' | 'source' | 'code' | 'causeClass' | 'from' | 'to' | 'failedAt' | 'eventId'
> & {
  /** Nothing is to be done about it: it counts as reacted to. */
  isSettled?: boolean;
};

/**
 * Records failures in the transaction of `manager`, in one statement. A recorded failure of the same message is
 * replaced. Its reactions are reset, so that it is reacted to again, if the state or the code is another one, or if the
 * number has become known. An acknowledgement is kept.
 *
 * @param reports At most one for each message.
 */
export async function recordFailures(
  reports: readonly FailureReport[],
  manager: EntityManager,
): Promise<void> {
  // In key order, so that two processes with overlapping batches cannot deadlock.
  const rows = reports
    .toSorted((a, b) => (a.messageId < b.messageId ? -1 : 1))
    .map(({ messageId, causeClass, from, to, failedAt, eventId, isSettled, ...report }) => ({
      ...report,
      reactions: isSettled ? [] : null,
      reacted_at: isSettled ? new Date() : null,
      message_id: messageId,
      cause_class: causeClass,
      from_number: from,
      to_number: to,
      failed_at: failedAt,
      event_id: eventId,
    }));
  const table = tableName(manager, MessageFailureEntity);
  await runSql(manager, upsertFailures(table), [JSON.stringify(rows)]);
}

/** Removes the failures of messages that no event reports as failed any more: it was read wrongly. */
export async function removeFailures(messageIds: readonly string[], manager: EntityManager): Promise<void> {
  await manager.delete(MessageFailureEntity, { messageId: In([...messageIds]), source: Not('rejection') });
}

const COLUMNS =
  'message_id, state, source, code, cause_class, from_number, to_number, failed_at, event_id, reactions, reacted_at';

// Each rejection is a new failure. Without its number, no reaction was possible; with another one, it was a wrong one.
const IS_SAME = `(known.state, known.code) IS NOT DISTINCT FROM (excluded.state, excluded.code)
  AND excluded.source <> 'rejection' AND (excluded.to_number IS NULL OR known.to_number = excluded.to_number)`;

const upsertFailures = (table: string) => `
  INSERT INTO ${table} AS known (${COLUMNS})
  SELECT ${COLUMNS} FROM jsonb_populate_recordset(NULL::${table}, $1)
  ON CONFLICT (message_id) DO UPDATE SET
    (state, source, code, cause_class, from_number, to_number, failed_at, event_id,
     reactions, reacted_at, resend_refusal) =
    (excluded.state, excluded.source, excluded.code, excluded.cause_class,
     coalesce(excluded.from_number, known.from_number), coalesce(excluded.to_number, known.to_number),
     excluded.failed_at, excluded.event_id,
     ${keptIfSame('reactions')}, ${keptIfSame('reacted_at')}, ${keptIfSame('resend_refusal')})`;

function keptIfSame(column: string): string {
  return `CASE WHEN ${IS_SAME} AND known.reacted_at IS NOT NULL THEN known.${column} ELSE excluded.${column} END`;
}
