import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { normalizePhoneNumber } from '../events/phone-number.js';
import { keysetPage, type Page, type PageRequest } from '../database/keyset-page.js';
import type { PostackDatabase } from '../database/postack-database.js';
import { SuppressionEntity } from './suppression.entity.js';

/** What to list. */
export interface SuppressionFilter extends PageRequest {
  number?: string;
  /** Resting on a message that failed with this code. */
  code?: string;
  /** Those that keep messages back now, or those that are over. Default `true`. */
  isActive?: boolean;
}

/** In SQL, of the alias `suppression`: it keeps messages back now. */
const ACTIVE =
  '(suppression.removedAt IS NULL AND (suppression.expiresAt IS NULL OR suppression.expiresAt > now()))';

/** Suppressions that keep messages back now, or those that are over. */
export function suppressions(
  manager: EntityManager,
  isActive: boolean,
): SelectQueryBuilder<SuppressionEntity> {
  return manager
    .getRepository(SuppressionEntity)
    .createQueryBuilder('suppression')
    .where(isActive ? ACTIVE : `NOT ${ACTIVE}`);
}

/** A page of suppressions, the latest first. @throws {InvalidCursorError} */
export function suppressionsPage(
  database: PostackDatabase,
  { number, code, isActive = true, ...page }: SuppressionFilter,
): Promise<Page<SuppressionEntity>> {
  const query = suppressions(database.manager, isActive);
  if (number !== undefined) {
    query.andWhere('suppression.number = :number', { number: normalizePhoneNumber(number) });
  }
  if (code !== undefined) query.andWhere('suppression.code = :code', { code });
  return keysetPage(
    query,
    [
      { column: 'suppression.since', type: 'timestamptz', of: ({ since }) => since },
      { column: 'suppression.number', type: 'text', of: (suppression) => suppression.number },
    ],
    page,
  );
}
