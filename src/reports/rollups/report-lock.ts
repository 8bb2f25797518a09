import type { EntityManager } from 'typeorm';
import { tableName } from '../../database/table-name.js';
import { ReportOwnNumberEntity } from './report-own-number.entity.js';

/** Any number that nobody else uses as the first of a pair, and the one lock in that space. */
const LOCK = '1919250543, 0';

/** Held, until its transaction ends, by whoever moves messages in their conversations as they change. Any number at once. */
export const SHARE_CONVERSATIONS = `pg_advisory_xact_lock_shared(${LOCK})`;

/**
 * Held, until its transaction ends, by whoever compares conversations with the messages: what others have changed is
 * committed then, with its places, or does not show yet, and is moved later.
 */
export const OWN_CONVERSATIONS = `pg_advisory_xact_lock(${LOCK})`;

/**
 * Keeps others, until the transaction ends, from writing the rows of `SETTLED_SLOT`; nobody who adds to the rollups has
 * to wait. Unlike any query, this takes no snapshot: a transaction that begins with it sees what it has waited for.
 */
export async function lockSettledSlot(manager: EntityManager): Promise<void> {
  // One that is hardly ever vacuumed, for which PostgreSQL needs the same lock.
  const table = tableName(manager.dataSource, ReportOwnNumberEntity);
  await manager.query(`LOCK TABLE ${table} IN SHARE UPDATE EXCLUSIVE MODE`);
}
