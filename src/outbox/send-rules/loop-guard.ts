import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../../database/run-sql.js';
import { maskPhoneNumber } from '../../events/phone-number.js';
import { tableName } from '../../database/table-name.js';
import type { SendBlock } from '../outbox-message.js';
import { OutboxMessageEntity } from '../outbox-message.entity.js';
import { OutboxOptions } from '../outbox.options.js';

/** The columns of a message that the loop guard looks at. */
export type LoopCandidate = Pick<OutboxMessageEntity, 'id' | 'to' | 'text' | 'category'>;

/** First key of the advisory locks of this class: arbitrary, but not used elsewhere. */
const LOCK_SPACE = 0x6c6f6f70;

const TEN_MINUTES_MS = 600_000;
const DAY_MS = 86_400_000;

/**
 * Stops loops between two auto-responders: limits the replies and confirmations to one recipient, from all own numbers
 * together, and how many of them have the same text.
 */
@Injectable()
export class LoopGuard {
  constructor(private readonly options: OutboxOptions) {}

  /**
   * Checks a reply or confirmation against the limits. Counts messages that were sent, or may have been. Call it in the
   * transaction that marks the message as being sent: it locks the recipient until that ends.
   *
   * @returns the block; `null` when the message is within the limits, or of another category.
   */
  async check(
    message: LoopCandidate,
    manager: EntityManager,
    now: Date = new Date(),
  ): Promise<SendBlock | null> {
    const { id, to, text, category } = message;
    if (category !== 'reply' && category !== 'confirmation') return null;
    await runSql(manager, 'SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCK_SPACE, to]);
    const [counts]: { recent: number; day: number; identical: number }[] = await runSql(
      manager,
      `SELECT count(*)::int AS day,
         count(*) FILTER (WHERE sending_since > $3)::int AS recent,
         count(*) FILTER (WHERE sending_since > $3 AND text = $4)::int AS identical
       FROM ${tableName(manager, OutboxMessageEntity)}
       WHERE to_number = $1 AND sending_since > $2 AND id <> $5 AND category IN ('reply', 'confirmation')
         AND (status IN ('sending', 'accepted') OR held_reason = 'unknown-outcome')`,
      [to, before(now, DAY_MS), before(now, TEN_MINUTES_MS), text, id],
    );
    const { recent = 0, day = 0, identical = 0 } = counts ?? {};
    const { perTenMinutes, perDay, identicalTexts } = this.options.loopGuard;
    const peer = maskPhoneNumber(to);
    if (identical >= identicalTexts) {
      return hold(
        'identical-text',
        `${peer} received this text ${identical} times within 10 minutes (replies.loopGuard.identicalTexts)`,
      );
    }
    if (recent >= perTenMinutes) {
      return hold(
        'peer-budget',
        `${peer} received ${recent} replies within 10 minutes (replies.loopGuard.perTenMinutes)`,
      );
    }
    if (day >= perDay) {
      return hold(
        'peer-budget',
        `${peer} received ${day} replies within 24 hours (replies.loopGuard.perDay)`,
      );
    }
    return null;
  }
}

function before(now: Date, ms: number): string {
  return new Date(now.getTime() - ms).toISOString();
}

function hold(reason: 'identical-text' | 'peer-budget', limit: string): SendBlock {
  return {
    kind: 'hold',
    reason,
    detail: `${limit}: likely an auto-responder. Release the message if it is a real conversation`,
  };
}
