import { Injectable } from '@nestjs/common';
import type { PostackCauseClass } from '../postack-api/postack-api-error-catalogue.js';
import { PostackDatabase } from '../database/postack-database.js';
import { causeOf } from './failure-catalogue.js';
import { MessageFailureEntity } from './message-failure.entity.js';
import { DeliveryReconciliationEntity } from './reconciliation/delivery-reconciliation.entity.js';
import { FailuresOptions } from './failures.options.js';

/** How many messages failed for one cause. */
export interface FailureCount {
  cause: PostackCauseClass;
  code: string | null;
  meaning: string;
  action: string;
  total: number;
  /** Of these, nobody has acknowledged so many. */
  unacknowledged: number;
  /** When the latest of them failed. */
  latestAt: Date;
}

/** What asking Postack for want of receipts has come to, since the first time. */
export type ReconciliationCounts = Pick<DeliveryReconciliationEntity, 'asked' | 'reconciled' | 'expired'>;

/** Failures by cause and code, the 1,000 most frequent first, and what became of messages without receipts. */
export interface FailureOverview {
  items: FailureCount[];
  receipts: ReconciliationCounts;
}

/** Whatever Postack and the carriers may write for codes, the answer stays one that can be read. */
const MAX_CAUSES = 1000;

/** Counts the failures. */
@Injectable()
export class FailureSummary {
  constructor(
    private readonly database: PostackDatabase,
    private readonly options: FailuresOptions,
  ) {}

  /** @param range Of the times at which messages failed: from, and before. Default: all. */
  async count({ since, until }: { since?: Date; until?: Date } = {}): Promise<FailureOverview> {
    const query = this.database
      .repository(MessageFailureEntity)
      .createQueryBuilder('failure')
      .select('failure.causeClass', 'cause')
      .addSelect('failure.code', 'code')
      .addSelect('count(*)::int', 'total')
      .addSelect('(count(*) FILTER (WHERE failure.acknowledgedAt IS NULL))::int', 'unacknowledged')
      .addSelect('max(failure.failedAt)', 'latestAt')
      .groupBy('failure.causeClass')
      .addGroupBy('failure.code')
      .orderBy('count(*)', 'DESC')
      .addOrderBy('failure.code', 'ASC')
      .limit(MAX_CAUSES);
    if (since) query.andWhere('failure.failedAt >= :since', { since });
    if (until) query.andWhere('failure.failedAt < :until', { until });
    const rows = await query.getRawMany<Omit<FailureCount, 'meaning' | 'action'>>();
    const sweep = await this.database.repository(DeliveryReconciliationEntity).findOneBy({ id: 1 });
    const { asked = 0, reconciled = 0, expired = 0 } = sweep ?? {};
    return {
      items: rows.map((row) => {
        const { meaning, action } = causeOf(this.options.catalogue, row.code);
        return { ...row, meaning, action };
      }),
      receipts: { asked, reconciled, expired },
    };
  }
}
