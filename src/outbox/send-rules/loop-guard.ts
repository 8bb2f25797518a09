import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { maskPhoneNumber } from '../../events/phone-number.js';
import { tableName } from '../../database/table-name.js';
import type { SendBlock } from '../outbox-message.js';
import { OutboxMessageEntity } from '../outbox-message.entity.js';
import { OutboxOptions } from '../outbox.options.js';

/** What of a message decides whether it may be part of a loop. */
export type LoopCandidate = Pick<OutboxMessageEntity, 'id' | 'to' | 'text' | 'category'>;

/** Any number that nobody else uses as the first of a pair of advisory locks. */
const LOCK_SPACE = 0x6c6f6f70;

const TEN_MINUTES_MS = 600_000;
const DAY_MS = 86_400_000;

/**
 * Keeps two auto-responders from writing to each other all night: what one recipient gets in replies and confirmations,
 * from all own numbers together, is limited in number, and in repetitions of the very same text.
 */
@Injectable()
export class LoopGuard {
  constructor(private readonly options: OutboxOptions) {}

  /**
   * Whether a reply or confirmation would be one too many; `null` when not, and for other categories. Counted are those
   * that were sent, and those that may have been. To be called in the transaction that then marks the message as being
   * sent: until its end, no other one for the same recipient gets past this.
   */
  async check(
    message: LoopCandidate,
    manager: EntityManager,
    now: Date = new Date(),
  ): Promise<SendBlock | null> {
    const { id, to, text, category } = message;
    if (category !== 'reply' && category !== 'confirmation') return null;
    await manager.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCK_SPACE, to]);
    const [counts]: { recent: number; day: number; identical: number }[] = await manager.query(
      `SELECT count(*)::int AS day,
         count(*) FILTER (WHERE sending_since > $3)::int AS recent,
         count(*) FILTER (WHERE sending_since > $3 AND text = $4)::int AS identical
       FROM ${tableName(manager.dataSource, OutboxMessageEntity)}
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
        `${peer} has had this text ${identical} times within 10 minutes (replies.loopGuard.identicalTexts)`,
      );
    }
    if (recent >= perTenMinutes) {
      return hold(
        'peer-budget',
        `${peer} has had ${recent} replies within 10 minutes (replies.loopGuard.perTenMinutes)`,
      );
    }
    if (day >= perDay) {
      return hold('peer-budget', `${peer} has had ${day} replies within 24 hours (replies.loopGuard.perDay)`);
    }
    return null;
  }
}

function before(now: Date, ms: number): string {
  return new Date(now.getTime() - ms).toISOString();
}

function hold(reason: 'identical-text' | 'peer-budget', what: string): SendBlock {
  return {
    kind: 'hold',
    reason,
    detail: `${what}: it may be a machine. Release it if a person should be answered`,
  };
}
