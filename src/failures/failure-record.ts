import type { EntityManager } from 'typeorm';
import { tableName } from '../table-name.js';
import { FailureEntity } from './failure.entity.js';

/** What is to be recorded. */
export type FailureReport = Pick<
  FailureEntity,
  'messageId' | 'state' | 'source' | 'code' | 'causeClass' | 'from' | 'to' | 'failedAt' | 'eventId'
>;

/** Of two reports about one message, whether `a` counts: the later one, as in `mergeFacts`. */
function outweighs(a: FailureReport, b: FailureReport): boolean {
  const rank = ({ failedAt, state, eventId }: FailureReport) =>
    [failedAt.toISOString(), state, eventId ?? ''].join(' ');
  return rank(a) > rank(b);
}

/**
 * Records failures in the transaction of `manager`, in one statement. Of several reports about one message the latest
 * counts, in whatever order they come; it is reacted to anew, and what a person has acknowledged stays so.
 */
export async function recordFailures(
  reports: readonly FailureReport[],
  manager: EntityManager,
): Promise<void> {
  const byMessage = new Map<string, FailureReport>();
  for (const report of reports) {
    const other = byMessage.get(report.messageId);
    if (!other || outweighs(report, other)) byMessage.set(report.messageId, report);
  }
  const table = tableName(manager.dataSource, FailureEntity);
  const columns = 'message_id, state, source, code, cause_class, from_number, to_number, failed_at, event_id';
  // In key order, so that two processes with overlapping batches wait for each other, not both.
  const rows = [...byMessage.values()]
    .sort((a, b) => (a.messageId < b.messageId ? -1 : 1))
    .map(({ messageId, causeClass, from, to, failedAt, eventId, ...report }) => ({
      ...report,
      message_id: messageId,
      cause_class: causeClass,
      from_number: from,
      to_number: to,
      failed_at: failedAt,
      event_id: eventId,
    }));
  await manager.query(
    `INSERT INTO ${table} AS known (${columns})
     SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, $1)
     ON CONFLICT (message_id) DO UPDATE SET
       (state, source, code, cause_class, from_number, to_number, failed_at, event_id,
        reactions, reacted_at, resend_refusal) =
       (excluded.state, excluded.source, excluded.code, excluded.cause_class,
        coalesce(excluded.from_number, known.from_number), coalesce(excluded.to_number, known.to_number),
        excluded.failed_at, excluded.event_id, NULL, NULL, NULL)
     WHERE (excluded.failed_at, excluded.state, coalesce(excluded.event_id, '')) >
       (known.failed_at, known.state, coalesce(known.event_id, ''))`,
    [JSON.stringify(rows)],
  );
}
