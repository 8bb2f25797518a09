import { Injectable } from '@nestjs/common';
import { runSql } from '../../database/run-sql.js';
import { PostackDatabase } from '../../database/postack-database.js';
import { checkedReason } from '../../errors/decision-reason.js';
import { InvalidRequestError } from '../../errors/request-errors.js';
import { InboxEventEntity } from '../../inbox/inbox-event.entity.js';

/** The states of events that nothing could be done with. */
export const UNDECIDED_STATUSES = ['quarantined', 'unhandled'] as const;

/** One of `UNDECIDED_STATUSES`. */
export type UndecidedStatus = (typeof UNDECIDED_STATUSES)[number];

/** Which of these events are not needed. */
export interface DiscardRequest {
  /** Only events of this status. */
  status?: UndecidedStatus;
  /** Only events of this type, as sent by Postack. */
  type?: string;
  /** Received at or after. */
  since?: Date;
  /** Received before. */
  until?: Date;
  /** Only events of the endpoint of this name. Default: of all. */
  endpoint?: string;
  /** Why: 1 to 1,000 characters. Stored with each event. */
  reason: string;
  /** Only count the matching events. Default `false`. */
  dryRun?: boolean;
}

/** The response to such a request. */
export interface DiscardReceipt {
  /** Number of matching events. */
  matched: number;
  /** Number of events that were discarded: all that match, or 0 for a dry run. */
  discarded: number;
}

/** The reason is empty or too long. */
export class InvalidDiscardError extends InvalidRequestError {
  readonly code = 'POSTACK_DISCARD_INVALID';
  override readonly name = 'InvalidDiscardError';
}

/** Events in one statement. */
const PART_SIZE = 5000;

/**
 * Events that are quarantined, or of a type that nothing subscribes to. Retention keeps them until an operator decides: maps
 * them and has them read again, declares their type as ignored, or discards them.
 */
@Injectable()
export class UndecidedEvents {
  readonly #inbox: string;

  constructor(private readonly database: PostackDatabase) {
    this.#inbox = database.table(InboxEventEntity);
  }

  /** How many there are, on any endpoint. */
  async count(): Promise<Record<UndecidedStatus, number>> {
    const rows: { status: UndecidedStatus; count: number }[] = await this.database.forLongStatements.query(
      `SELECT status, count(*)::int AS count FROM ${this.#inbox}
       WHERE status IN ('quarantined', 'unhandled') AND discard_reason IS NULL GROUP BY status`,
    );
    const counts = Object.fromEntries(rows.map(({ status, count }) => [status, count]));
    return { quarantined: counts['quarantined'] ?? 0, unhandled: counts['unhandled'] ?? 0 };
  }

  /**
   * Discards events: they are done, and retention removes them in its time. With another mapping they can still be read again
   * until then.
   *
   * @throws {InvalidDiscardError}
   */
  async discard({ dryRun = false, reason, ...filter }: DiscardRequest): Promise<DiscardReceipt> {
    const checked = checkedReason(reason, InvalidDiscardError);
    const { status, type, since, until, endpoint } = filter;
    const statuses = status === undefined ? UNDECIDED_STATUSES : [status];
    const condition = `($1::text IS NULL OR endpoint = $1) AND status = ANY ($2::text[]) AND discard_reason IS NULL
      AND ($3::text IS NULL OR type = $3)
      AND received_at >= coalesce($4, '-infinity'::timestamptz) AND received_at < coalesce($5, 'infinity'::timestamptz)`;
    const times = [since?.toISOString() ?? null, until?.toISOString() ?? null];
    const values = [endpoint ?? null, statuses, type ?? null, ...times];
    const { manager } = this.database.forLongStatements;
    if (dryRun) {
      const [row]: [{ matched: number }] = await runSql(
        manager,
        `SELECT count(*)::int AS matched FROM ${this.#inbox} WHERE ${condition}`,
        values,
      );
      return { matched: row.matched, discarded: 0 };
    }
    let discarded = 0;
    for (let part = PART_SIZE; part === PART_SIZE; discarded += part) {
      const [, count]: [unknown, number] = await runSql(
        manager,
        `UPDATE ${this.#inbox} SET discard_reason = $6 WHERE id IN (
           SELECT id FROM ${this.#inbox} WHERE ${condition} ORDER BY id LIMIT ${PART_SIZE} FOR UPDATE)`,
        [...values, checked],
      );
      part = count;
    }
    return { matched: discarded, discarded };
  }
}
