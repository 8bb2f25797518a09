import type { EntityManager } from 'typeorm';
import type { PostackDatabase } from '../../database/postack-database.js';
import { InboxEventEntity } from '../../inbox/inbox-event.entity.js';
import { ReportEventEntity } from './report-event.entity.js';
import { BUCKET_MS } from './report-time.js';

/** The rows of this slot are set instead of added to. */
const QUARANTINE_SLOT = -1;

/**
 * Counts the quarantined events in the inbox by 15-minute bucket. Idempotent. The number only increases, so if two
 * processes count at the same time, the larger result is kept.
 */
export async function countQuarantined(
  from: Date,
  to: Date,
  database: PostackDatabase,
  manager: EntityManager = database.manager,
): Promise<void> {
  await manager.query(
    `INSERT INTO ${database.table(ReportEventEntity)} AS r (bucket, slot, quarantined)
     SELECT date_bin('${BUCKET_MS} ms', received_at, 'epoch') AS bucket, ${QUARANTINE_SLOT}, count(*)
     FROM ${database.table(InboxEventEntity)}
     WHERE status = 'quarantined' AND received_at >= $1 AND received_at < $2 GROUP BY bucket ORDER BY bucket
     ON CONFLICT (bucket, slot) DO UPDATE SET quarantined = greatest(r.quarantined, excluded.quarantined)`,
    [from, to],
  );
}

/** As `countQuarantined`, but also corrects numbers that are too large. */
export async function recountQuarantined(from: Date, to: Date, database: PostackDatabase): Promise<void> {
  await database.transaction(async (manager) => {
    await manager.query(
      `UPDATE ${database.table(ReportEventEntity)} SET quarantined = 0
       WHERE bucket >= $1 AND bucket < $2 AND quarantined <> 0`,
      [from, to],
    );
    await countQuarantined(from, to, database, manager);
  });
}
