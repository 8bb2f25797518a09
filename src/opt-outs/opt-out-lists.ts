import type { FindOptionsWhere, SelectQueryBuilder } from 'typeorm';
import { normalizePhoneNumber } from '../events/phone-number.js';
import { keysetPage, type Page, type PageRequest } from '../database/keyset-page.js';
import type { PostackDatabase } from '../database/postack-database.js';
import type { OptOutScope } from './opt-outs.options.js';
import { OptOutEntity } from './opt-out.entity.js';
import { OptOutEvidenceEntity } from './opt-out-evidence.entity.js';

/** Which states to list. */
export interface OptOutFilter extends PageRequest {
  /** The customer's number. */
  peer?: string;
  /** States that apply to this own number, including those for all own numbers. */
  ownNumber?: string;
  /** `true`: opted out; `false`: opted in again. Default `true`. */
  isOptedOut?: boolean;
  /** Changed at or after this time. */
  since?: Date;
}

/** Which page of ledger entries. */
export type EntriesFilter = PageRequest;

/** The states that no later one supersedes, as in `isOptedOut`; one for each peer and own number. */
export function decidingStates(
  database: PostackDatabase,
  scope: OptOutScope,
  optedOut: boolean,
): SelectQueryBuilder<OptOutEntity> {
  const counts = scope === 'all' ? '' : `AND later.own_number = ''`;
  return database
    .repository(OptOutEntity)
    .createQueryBuilder('state')
    .where('state.optedOut = :optedOut', { optedOut })
    .andWhere(
      `NOT EXISTS (
         SELECT FROM ${database.table(OptOutEntity)} AS later
         WHERE later.peer = state.peer ${counts} AND
           (later.since, coalesce(later.received_at, '-infinity'), later.opted_out, later.own_number) >
             (state.since, coalesce(state.receivedAt, '-infinity'), state.optedOut, state.ownNumber)
       )`,
    );
}

/** A page of the current state. @throws {InvalidCursorError} */
export function statesPage(
  database: PostackDatabase,
  scope: OptOutScope,
  { peer, ownNumber, isOptedOut = true, since, ...page }: OptOutFilter,
): Promise<Page<OptOutEntity>> {
  const query = decidingStates(database, scope, isOptedOut);
  if (peer !== undefined) query.andWhere('state.peer = :peer', { peer: normalizePhoneNumber(peer) });
  if (ownNumber !== undefined) {
    query.andWhere(`state.ownNumber IN (:ownNumber, '')`, { ownNumber: normalizePhoneNumber(ownNumber) });
  }
  if (since) query.andWhere('state.since >= :since', { since });
  return keysetPage(
    query,
    [
      { column: 'state.since', type: 'timestamptz', of: (state) => state.since },
      { column: 'state.peer', type: 'text', of: (state) => state.peer },
      { column: 'state.ownNumber', type: 'text', of: (state) => state.ownNumber },
    ],
    page,
  );
}

/** A page of the ledger, latest first. @throws {InvalidCursorError} */
export function entriesPage(
  database: PostackDatabase,
  where: FindOptionsWhere<OptOutEvidenceEntity>,
  page: EntriesFilter,
): Promise<Page<OptOutEvidenceEntity>> {
  const query = database.repository(OptOutEvidenceEntity).createQueryBuilder('entry').where(where);
  return keysetPage(query, [{ column: 'entry.id', type: 'bigint', of: ({ id }) => id }], page);
}
