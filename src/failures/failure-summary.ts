import { Injectable } from '@nestjs/common';
import type { PostackCauseClass } from '../postack-api/postack-api-error-catalogue.js';
import { PostackDatabase } from '../database/postack-database.js';
import { causeOf } from './failure-catalogue.js';
import { MessageFailureEntity } from './message-failure.entity.js';
import { DeliveryReconciliationEntity } from './reconciliation/delivery-reconciliation.entity.js';
import { FailuresOptions } from './failures.options.js';

/** Number of messages that failed with one error code. */
export interface FailureCount {
  cause: PostackCauseClass;
  code: string | null;
  meaning: string;
  action: string;
  total: number;
  /** How many of them have not been acknowledged. */
  unacknowledged: number;
  /** When the latest one failed. */
  latestAt: Date;
}

/** Results of delivery reconciliation since it first ran. */
export type ReconciliationCounts = Pick<DeliveryReconciliationEntity, 'asked' | 'reconciled' | 'expired'>;

/** Failures by cause and code, most frequent first, at most 1,000; and the results of delivery reconciliation. */
export interface FailureOverview {
  items: FailureCount[];
  reconciliation: ReconciliationCounts;
}

/** Codes come from Postack and the carriers: without a limit, the response could grow without bound. */
const MAX_CAUSES = 1000;

/** Counts failures by cause and code. */
@Injectable()
export class FailureSummary {
  constructor(
    private readonly database: PostackDatabase,
    private readonly options: FailuresOptions,
  ) {}

  /** Counts messages that failed at or after `since` and before `until`. Default: all. */
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
    const progress = await this.database.repository(DeliveryReconciliationEntity).findOneBy({ id: 1 });
    const { asked = 0, reconciled = 0, expired = 0 } = progress ?? {};
    return {
      items: rows.map((row) => {
        const { meaning, action } = causeOf(this.options.catalogue, row.code);
        // A host may have node-postgres return times as text.
        return { ...row, latestAt: new Date(row.latestAt), meaning, action };
      }),
      reconciliation: { asked, reconciled, expired },
    };
  }
}
