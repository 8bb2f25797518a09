import type { EntityManager } from 'typeorm';
import { tableName } from '../../database/table-name.js';
import { ReportOwnNumberEntity } from './report-own-number.entity.js';

/** Key of the advisory lock: an arbitrary number that is not used otherwise, and 0. */
const LOCK = '1919250543, 0';

/** Taken by transactions that change conversations, until they end; they do not block each other. */
export const LOCK_CONVERSATIONS_SHARED = `pg_advisory_xact_lock_shared(${LOCK})`;

/**
 * Taken by a transaction that compares conversations with messages, until it ends. Other transactions have then either
 * committed both, or have not changed conversations yet.
 */
export const LOCK_CONVERSATIONS = `pg_advisory_xact_lock(${LOCK})`;

/**
 * Prevents other transactions from writing the rows of `MERGED_SLOT` until this one ends, without blocking those that
 * write to other slots. Unlike a query, it takes no snapshot: a transaction that starts with it sees what the previous
 * holder has committed.
 */
export async function lockMergedSlot(manager: EntityManager): Promise<void> {
  // A table that is rarely vacuumed: VACUUM needs the same lock.
  const table = tableName(manager.dataSource, ReportOwnNumberEntity);
  await manager.query(`LOCK TABLE ${table} IN SHARE UPDATE EXCLUSIVE MODE`);
}
