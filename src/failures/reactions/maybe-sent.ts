import type { EntityManager } from 'typeorm';
import { runSql } from '../../database/run-sql.js';
import { tableName } from '../../database/table-name.js';
import { OutboxMessageEntity } from '../../outbox/outbox-message.entity.js';
import type { MessageFailure } from '../message-failure.js';

/** How long the outbox keeps trying to find out whether Postack accepted a message. */
const UNKNOWN_OUTCOME_MS = 28 * 3_600_000;

/** Tolerated lag of Postack's clock. */
const SKEW_MS = 60_000;

/**
 * Message ids of the failures whose message the outbox has sent, or may have: a receipt may arrive before Postack's
 * response to the send request, or instead of it, and then a send of unknown outcome fits.
 */
export async function maybeSent(
  failures: readonly MessageFailure[],
  manager: EntityManager,
): Promise<ReadonlySet<string>> {
  const rows = await runSql<{ message_id: string }[]>(
    manager,
    MAYBE_SENT(tableName(manager, OutboxMessageEntity)),
    [
      failures.map(({ messageId }) => messageId),
      failures.map(({ to }) => to),
      failures.map(({ failedAt }) => new Date(failedAt.getTime() - UNKNOWN_OUTCOME_MS)),
      failures.map(({ failedAt }) => new Date(failedAt.getTime() + SKEW_MS)),
    ],
  );
  return new Set(rows.map((row) => row.message_id));
}

const MAYBE_SENT = (outbox: string) => `
  SELECT f.message_id FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[])
    AS f (message_id, to_number, since, until)
  WHERE EXISTS (SELECT FROM ${outbox} o WHERE o.message_id = f.message_id)
    OR EXISTS (
      SELECT FROM ${outbox} o
      WHERE (o.status = 'sending' OR o.held_reason = 'unknown-outcome')
        AND o.sending_since BETWEEN f.since AND f.until AND (f.to_number IS NULL OR o.to_number = f.to_number))`;
