import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { normalizePhoneNumber } from '../events/phone-number.js';
import { keysetPage, type Page, type PageRequest } from '../database/keyset-page.js';
import type { PostackDatabase } from '../database/postack-database.js';
import { SuppressionEntity } from './suppression.entity.js';

/** Which suppressions to list. */
export interface SuppressionFilter extends PageRequest {
  number?: string;
  /** Caused by a message that failed with this code. */
  code?: string;
  /** `true`: suppressions that are in effect; `false`: those that have ended. Default `true`. */
  isActive?: boolean;
}

/** Condition on the alias `suppression`. */
const ACTIVE =
  '(suppression.removedAt IS NULL AND (suppression.expiresAt IS NULL OR suppression.expiresAt > now()))';

/** Query of the suppressions that are in effect, or of those that have ended. */
export function suppressions(
  manager: EntityManager,
  isActive: boolean,
): SelectQueryBuilder<SuppressionEntity> {
  return manager
    .getRepository(SuppressionEntity)
    .createQueryBuilder('suppression')
    .where(isActive ? ACTIVE : `NOT ${ACTIVE}`);
}

/** A page of suppressions, latest first. @throws {InvalidCursorError} */
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
