import type { EntityManager } from 'typeorm';
import type { PostackDatabase } from '../../database/postack-database.js';
import { InboxEventEntity } from '../../inbox/inbox-event.entity.js';
import { tableName } from '../../database/table-name.js';
import { ReportEventEntity } from './report-event.entity.js';
import { BUCKET_MS } from './report-time.js';

/** Its rows are set, not added to. */
const QUARANTINE_SLOT = -1;

/**
 * Counts the quarantined events that the inbox has of some quarters of an hour; doing so twice makes no difference. They
 * only become more: of two processes that count at once, the one that has seen more is right.
 */
export async function countQuarantined(from: Date, to: Date, manager: EntityManager): Promise<void> {
  const { dataSource } = manager;
  await manager.query(
    `INSERT INTO ${tableName(dataSource, ReportEventEntity)} AS r (bucket, slot, quarantined)
     SELECT date_bin('${BUCKET_MS} ms', received_at, 'epoch') AS bucket, ${QUARANTINE_SLOT}, count(*)
     FROM ${tableName(dataSource, InboxEventEntity)}
     WHERE status = 'quarantined' AND received_at >= $1 AND received_at < $2 GROUP BY bucket ORDER BY bucket
     ON CONFLICT (bucket, slot) DO UPDATE SET quarantined = greatest(r.quarantined, excluded.quarantined)`,
    [from, to],
  );
}

/** The same where they may have been counted wrongly. */
export async function recountQuarantined(from: Date, to: Date, database: PostackDatabase): Promise<void> {
  await database.transaction(async (manager) => {
    await manager.query(
      `UPDATE ${database.table(ReportEventEntity)} SET quarantined = 0
       WHERE bucket >= $1 AND bucket < $2 AND quarantined <> 0`,
      [from, to],
    );
    await countQuarantined(from, to, manager);
  });
}
