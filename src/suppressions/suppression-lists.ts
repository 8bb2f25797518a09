import type { DataSource, SelectQueryBuilder } from 'typeorm';
import { normalizePhoneNumber } from '../events/phone-number.js';
import { decodeCursor, encodeCursor, InvalidCursorError, type Page } from '../database/paging.js';
import { SuppressionEntity } from './suppression.entity.js';

/** What to list. */
export interface SuppressionFilter {
  number?: string;
  /** Resting on a message that failed with this code. */
  code?: string;
  /** Those that keep messages back now, or those that are over. Default `true`. */
  isActive?: boolean;
  /** Page size. Default 50. */
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
}

/** In SQL, of the alias `suppression`: it keeps messages back now. */
const ACTIVE =
  '(suppression.removedAt IS NULL AND (suppression.expiresAt IS NULL OR suppression.expiresAt > now()))';

/** Suppressions that keep messages back now, or those that are over. */
export function suppressions(
  dataSource: Pick<DataSource, 'getRepository'>,
  isActive: boolean,
): SelectQueryBuilder<SuppressionEntity> {
  return dataSource
    .getRepository(SuppressionEntity)
    .createQueryBuilder('suppression')
    .where(isActive ? ACTIVE : `NOT ${ACTIVE}`);
}

/** A page of suppressions, the latest first. @throws {InvalidCursorError} */
export async function suppressionsPage(
  dataSource: DataSource,
  { number, code, isActive = true, limit = 50, cursor }: SuppressionFilter,
): Promise<Page<SuppressionEntity>> {
  const query = suppressions(dataSource, isActive)
    .orderBy({ 'suppression.since': 'DESC', 'suppression.number': 'DESC' })
    .limit(limit + 1);
  if (number !== undefined) {
    query.andWhere('suppression.number = :number', { number: normalizePhoneNumber(number) });
  }
  if (code !== undefined) query.andWhere('suppression.code = :code', { code });
  if (cursor !== undefined) {
    const { at, last } = decodeCursor(cursor, ['at', 'last']);
    if (Number.isNaN(Date.parse(at)) || last.includes('\0')) throw new InvalidCursorError();
    query.andWhere('(suppression.since, suppression.number) < (:at::timestamptz, :last)', { at, last });
  }
  const rows = await query.getMany();
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return {
    items,
    nextCursor: last ? encodeCursor({ at: last.since.toISOString(), last: last.number }) : null,
  };
}
